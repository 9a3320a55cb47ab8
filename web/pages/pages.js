// What every page does besides htmx: toasts go away, forms are sent once, failures are said.
document.addEventListener('submit', (event) => {
  const form = event.target
  if (form.dataset.sent) return event.preventDefault()
  form.dataset.sent = 'yes'
  setTimeout(() => delete form.dataset.sent, 4000)
})

document.addEventListener('click', (event) => {
  const shown = event.target.closest('[data-dismiss]')
  if (shown) shown.closest('[role="status"], [role="alert"], dialog')?.remove()
})

// A part of a page that could not be fetched says so, where the page keeps room for it.
for (const name of ['htmx:sendError', 'htmx:responseError', 'htmx:timeout']) {
  document.addEventListener(name, () => {
    const place = document.getElementById('failure')
    if (place) place.hidden = false
  })
}
