import { createRouter, createWebHashHistory } from 'vue-router';

/** Pages are loaded when first visited: the viewer's graphics code is large, the library must be there at once. */
export const router = createRouter({
  history: createWebHashHistory(),
  routes: [],
});
