import { createRouter, createWebHistory } from 'vue-router'
import WalkPage from './pages/WalkPage.vue'

export const router = createRouter({
  history: createWebHistory('/f/'),
  routes: [
    { path: '/', name: 'walk', component: WalkPage },
    { path: '/stop/:task(\\d+)', name: 'stop', component: () => import('./pages/StopPage.vue') },
    { path: '/queue', name: 'queue', component: () => import('./pages/QueuePage.vue') },
    { path: '/me', name: 'me', component: () => import('./pages/MePage.vue') },
    { path: '/:rest(.*)*', redirect: '/' },
  ],
})
