import { createRouter, createWebHashHistory } from 'vue-router';

/** Pages are loaded when first visited: the viewer's graphics code is large, the library must be there at once. */
export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', redirect: '/library' },
    { path: '/library', name: 'library', component: () => import('./pages/library/LibraryPage.vue') },
    {
      path: '/viewer/:seriesId?',
      name: 'viewer',
      component: () => import('./pages/viewer/ViewerPage.vue'),
    },
    {
      path: '/burden/:patientId?',
      name: 'burden',
      component: () => import('./pages/burden/BurdenPage.vue'),
    },
    { path: '/models', name: 'models', component: () => import('./pages/models/ModelsPage.vue') },
    {
      path: '/settings',
      name: 'settings',
      component: () => import('./pages/settings/SettingsPage.vue'),
    },
    { path: '/:rest(.*)*', redirect: '/library' },
  ],
});
