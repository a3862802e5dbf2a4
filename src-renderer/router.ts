import { createRouter, createWebHashHistory } from 'vue-router';

/** Pages are loaded when first visited: the viewer's graphics code is large, the library must be there at once. */
export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', redirect: '/library' },
    { path: '/library', name: 'library', component: () => import('./pages/library/LibraryPage.vue') },
    { path: '/models', name: 'models', component: () => import('./pages/models/ModelsPage.vue') },
    { path: '/settings', name: 'settings', component: () => import('./pages/settings/SettingsPage.vue') },
    { path: '/:rest(.*)*', redirect: '/library' },
  ],
});
