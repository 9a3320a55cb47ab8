import './theme.css'
import { createApp } from 'vue'
import App from './App.vue'
import { router } from './router'
import { tellFault, watchNetwork } from './state'
import { watchVersions } from './update'
import { showLanguage } from './words'

showLanguage()
watchTheme()
watchNetwork()
void watchVersions()
const app = createApp(App).use(router)
app.config.errorHandler = tellFault
window.addEventListener('unhandledrejection', ({ reason }) => tellFault(reason))
app.mount('#app')

/** Vant's own dark theme follows the phone's. */
function watchTheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const show = () => document.documentElement.classList.toggle('van-theme-dark', dark.matches)
  dark.addEventListener('change', show)
  show()
}
