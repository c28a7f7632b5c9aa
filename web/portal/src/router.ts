import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { useFront } from '@/stores/front'
import { useSignIn } from '@/stores/signin'

declare module 'vue-router' {
  interface RouteMeta {
    /** Who may see the page: members, visitors, or (left out) both. */
    for?: 'member' | 'visitor'
    /** A tab's own page shows the tabs; others show a way back. */
    tab?: 'card' | 'wallet' | 'mall' | 'play' | 'benefits' | 'me'
    title?: string
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/', name: 'welcome', component: () => import('@/pages/WelcomePage.vue'), meta: { for: 'visitor' } },
  { path: '/code', name: 'code', component: () => import('@/pages/CodePage.vue'), meta: { for: 'visitor', title: 'code.title' } },
  { path: '/join', name: 'join', component: () => import('@/pages/JoinPage.vue'), meta: { for: 'visitor', title: 'welcome.signInOrJoin' } },
  { path: '/consent', name: 'consent', component: () => import('@/pages/ConsentPage.vue'), meta: { title: 'me.consent' } },
  { path: '/card', name: 'card', component: () => import('@/pages/CardPage.vue'), meta: { for: 'member', tab: 'card' } },
  { path: '/benefits', name: 'benefits', component: () => import('@/pages/BenefitsPage.vue'), meta: { for: 'member', tab: 'benefits' } },
  { path: '/wallet', name: 'wallet', component: () => import('@/pages/WalletPage.vue'), meta: { for: 'member', tab: 'wallet' } },
  { path: '/wallet/coupons', name: 'coupons', component: () => import('@/pages/CouponsPage.vue'), meta: { for: 'member', title: 'wallet.coupons' } },
  { path: '/wallet/claim', name: 'claim', component: () => import('@/pages/ClaimPage.vue'), meta: { for: 'member', title: 'coupons.center' } },
  { path: '/wallet/shop', name: 'shop', component: () => import('@/pages/ShopPage.vue'), meta: { for: 'member', title: 'shop.title' } },
  { path: '/gift/:token', name: 'gift', component: () => import('@/pages/GiftPage.vue'), meta: { for: 'member', title: 'coupons.giftTitle' } },
  { path: '/mall', name: 'mall', component: () => import('@/pages/MallPage.vue'), meta: { for: 'member', tab: 'mall' } },
  { path: '/mall/orders', name: 'redemptions', component: () => import('@/pages/RedemptionsPage.vue'), meta: { for: 'member', title: 'mall.mine' } },
  { path: '/mall/:key', name: 'reward', component: () => import('@/pages/RewardPage.vue'), meta: { for: 'member', title: 'mall.title' } },
  { path: '/play', name: 'play', component: () => import('@/pages/PlayPage.vue'), meta: { for: 'member', tab: 'play' } },
  { path: '/play/checkin', name: 'checkin', component: () => import('@/pages/CheckinPage.vue'), meta: { for: 'member', title: 'checkin.title' } },
  { path: '/play/badges', name: 'badges', component: () => import('@/pages/BadgesPage.vue'), meta: { for: 'member', title: 'badges.title' } },
  { path: '/play/boards', name: 'boards', component: () => import('@/pages/BoardsPage.vue'), meta: { for: 'member', title: 'boards.title' } },
  { path: '/play/draws/:key', name: 'draw', component: () => import('@/pages/DrawPage.vue'), meta: { for: 'member', title: 'draws.title' } },
  { path: '/draws/:key/log', name: 'drawLog', component: () => import('@/pages/DrawLogPage.vue'), meta: { title: 'drawLog.title' } },
  { path: '/plan', name: 'plan', component: () => import('@/pages/PlanPage.vue'), meta: { for: 'member', title: 'plan.title' } },
  { path: '/appointments', name: 'appointments', component: () => import('@/pages/AppointmentsPage.vue'), meta: { for: 'member', title: 'appointments.title' } },
  { path: '/appointments/:service', name: 'service', component: () => import('@/pages/ServicePage.vue'), meta: { for: 'member', title: 'appointments.services' } },
  { path: '/me', name: 'me', component: () => import('@/pages/MePage.vue'), meta: { for: 'member', tab: 'me' } },
  { path: '/me/invite', name: 'invite', component: () => import('@/pages/InvitePage.vue'), meta: { for: 'member', title: 'invites.title' } },
  { path: '/me/commission', name: 'commission', component: () => import('@/pages/CommissionPage.vue'), meta: { for: 'member', title: 'invites.commission' } },
  { path: '/me/points', name: 'points', component: () => import('@/pages/PointsPage.vue'), meta: { for: 'member', title: 'me.points' } },
  { path: '/me/history', name: 'history', component: () => import('@/pages/HistoryPage.vue'), meta: { for: 'member', title: 'history.title' } },
  { path: '/me/orders', name: 'orders', component: () => import('@/pages/OrdersPage.vue'), meta: { for: 'member', title: 'orders.title' } },
  { path: '/me/inbox', name: 'inbox', component: () => import('@/pages/InboxPage.vue'), meta: { for: 'member', title: 'inbox.title' } },
  { path: '/me/profile', name: 'profile', component: () => import('@/pages/ProfilePage.vue'), meta: { for: 'member', title: 'profile.title' } },
  { path: '/me/choices', name: 'choices', component: () => import('@/pages/ChoicesPage.vue'), meta: { for: 'member', title: 'choices.title' } },
  { path: '/me/identifiers', name: 'identifiers', component: () => import('@/pages/IdentifiersPage.vue'), meta: { for: 'member', title: 'identifiers.title' } },
  { path: '/leave/:code', name: 'leave', component: () => import('@/pages/LeavePage.vue'), meta: { title: 'leaving.title' } },
  { path: '/:rest(.*)*', name: 'missing', component: () => import('@/pages/MissingPage.vue') },
]

/** `/h/<brand>/` of where we are. */
export function basePath(pathname: string): string {
  return /^\/h\/[^/]+/.exec(pathname)?.[0] ?? '/h'
}

export function makeRouter() {
  const router = createRouter({
    history: createWebHistory(basePath(window.location.pathname) + '/'),
    routes,
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  })
  router.beforeEach((to) => {
    const front = useFront()
    if (to.meta.for === 'member' && !front.signedIn) return { name: 'welcome', query: { next: to.fullPath } }
    if (to.meta.for === 'visitor' && front.signedIn) return { name: 'card' }
    const signIn = useSignIn()
    if (to.name === 'code' && !signIn.address) return { name: 'welcome' }
    if (to.name === 'join' && !signIn.proven) return { name: 'welcome' }
    return true
  })
  return router
}
