// The desks: keyboard, drawer, marking many rows. Alpine runs what its attributes name; no text is evaluated.
document.addEventListener('alpine:init', () => {
  window.Alpine.data('rows', () => ({
    marked: 0,
    count() {
      this.marked = this.$root.querySelectorAll('input[name="row"]:checked').length
    },
    all() {
      const on = this.$el.checked
      for (const box of this.$root.querySelectorAll('input[name="row"]')) box.checked = on
      this.count()
    },
    get none() {
      return this.marked === 0
    },
    get words() {
      return String(this.marked)
    },
  }))
})

const isTyping = (node) => node.closest('input:not([type="checkbox"]), textarea, select, [contenteditable]')

// j and k walk the rows, Enter opens, x marks, / searches, ? shows the keys, Escape closes the drawer.
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') return closeDrawer()
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
  const act = keys[event.key]
  if (act) act(event)
})

const keys = {
  j: () => walk(1),
  k: () => walk(-1),
  x: () => document.activeElement.closest('tr')?.querySelector('input[name="row"]')?.click(),
  '/': (event) => {
    const search = document.querySelector('input[type="search"]')
    if (search) {
      event.preventDefault()
      search.focus()
    }
  },
  '?': () => document.getElementById('keys')?.showModal(),
}

function walk(step) {
  const rows = [...document.querySelectorAll('tbody tr [data-open]')]
  const now = rows.indexOf(document.activeElement.closest('tr')?.querySelector('[data-open]'))
  rows[Math.min(rows.length - 1, Math.max(0, now + step))]?.focus()
}

// Who closes the drawer stands again on the row that he opened, and j and k go on from there.
let opened = null

function closeDrawer() {
  const drawer = document.getElementById('drawer')
  if (!drawer?.innerHTML.trim()) return
  drawer.replaceChildren()
  opened?.focus()
}

document.addEventListener('click', (event) => {
  opened = event.target.closest('[data-open]') ?? opened
  if (event.target.closest('[data-close-drawer]')) {
    event.preventDefault()
    closeDrawer()
  }
})

// Live alarms: the server says how many; the badge shows it.
const live = document.querySelector('[data-live]')
if (live && window.EventSource) {
  const source = new EventSource(live.dataset.live)
  source.addEventListener('alarms', (event) => {
    const badge = document.getElementById('alarm-count')
    if (badge) badge.textContent = event.data
    document.dispatchEvent(new CustomEvent('alarms', { detail: event.data }))
  })
  window.addEventListener('pagehide', () => source.close())
}
