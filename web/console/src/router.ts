import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { useSession } from '@/stores/session'

declare module 'vue-router' {
  interface RouteMeta {
    /** The catalogue key of the page's title. */
    title?: string
    permission?: string
    open?: boolean
  }
}

const page = (
  path: string, name: string, title: string, permission: string | undefined, component: RouteRecordRaw['component'],
): RouteRecordRaw => ({ path, name, component: component!, meta: { title, ...(permission ? { permission } : {}) } })

const pages: RouteRecordRaw[] = [
  page('', 'home', 'nav.home', 'reports.read', () => import('@/pages/home/HomePage.vue')),
  page('members', 'members', 'nav.memberList', 'members.read', () => import('@/pages/members/MemberListPage.vue')),
  page('members/enrol', 'enrol', 'enrol.title', 'members.write', () => import('@/pages/members/EnrolPage.vue')),
  page('members/:code', 'member', 'member.title', 'members.read', () => import('@/pages/members/MemberPage.vue')),
  page('segments', 'segments', 'nav.segments', 'segments.read', () => import('@/pages/segments/SegmentsPage.vue')),
  page('segments/new', 'segmentNew', 'segments.add', 'segments.write', () => import('@/pages/segments/SegmentEditPage.vue')),
  page('segments/fields', 'factCatalogue', 'factCatalogue.title', 'segments.read', () => import('@/pages/segments/FactCataloguePage.vue')),
  page('segments/:code', 'segment', 'segments.one', 'segments.read', () => import('@/pages/segments/SegmentPage.vue')),
  page('segments/:code/edit', 'segmentEdit', 'segments.edit', 'segments.write', () => import('@/pages/segments/SegmentEditPage.vue')),
  page('referrals', 'referrals', 'referrals.title', 'referrals.read', () => import('@/pages/referrals/ReferralsPage.vue')),
  page('tags', 'tags', 'nav.tags', 'members.read', () => import('@/pages/members/TagsPage.vue')),
  page('approvals', 'approvals', 'nav.approvals', 'ledger.read', () => import('@/pages/members/ApprovalsPage.vue')),
  page('imports', 'imports', 'nav.imports', 'imports.run', () => import('@/pages/imports/ImportsPage.vue')),
  page('imports/new', 'importNew', 'imports.new', 'imports.run', () => import('@/pages/imports/ImportNewPage.vue')),
  page('imports/:id', 'import', 'imports.one', 'imports.run', () => import('@/pages/imports/ImportPage.vue')),
  page('programme/rules', 'rules', 'nav.rules', 'programme.read', () => import('@/pages/programme/RulesPage.vue')),
  page('programme/rules/:key', 'rule', 'rules.one', 'programme.read', () => import('@/pages/programme/RulePage.vue')),
  page('programme/tiers', 'tiers', 'nav.tiers', 'programme.read', () => import('@/pages/programme/TiersPage.vue')),
  page('programme/benefits', 'benefits', 'nav.benefits', 'programme.read', () => import('@/pages/programme/BenefitsPage.vue')),
  page('programme/promotions', 'promotions', 'nav.promotions', 'programme.read', () => import('@/pages/programme/PromotionsPage.vue')),
  page('programme/promotions/:key', 'promotion', 'promotions.one', 'programme.read', () => import('@/pages/programme/PromotionPage.vue')),
  page('programme/checkout', 'checkout', 'nav.checkout', 'programme.read', () => import('@/pages/programme/CheckoutPage.vue')),
  page('coupons', 'coupons', 'nav.coupons', 'coupons.read', () => import('@/pages/coupons/CouponsPage.vue')),
  page('coupons/new', 'couponNew', 'coupons.add', 'coupons.write', () => import('@/pages/coupons/CouponPage.vue')),
  page('coupons/:key', 'coupon', 'coupons.one', 'coupons.read', () => import('@/pages/coupons/CouponPage.vue')),
  page('budgets', 'budgets', 'nav.budgets', 'coupons.read', () => import('@/pages/coupons/BudgetsPage.vue')),
  page('programme/units', 'units', 'nav.units', 'programme.read', () => import('@/pages/programme/UnitsPage.vue')),
  page('programme/versions', 'versions', 'nav.versions', 'programme.read', () => import('@/pages/programme/VersionsPage.vue')),
  page('programme/versions/:number', 'version', 'versions.one', 'programme.read', () => import('@/pages/programme/VersionPage.vue')),
  page('mall', 'mall', 'nav.mall', 'rewards.read', () => import('@/pages/mall/MallPage.vue')),
  page('mall/report', 'mallReport', 'mallReport.title', 'rewards.read', () => import('@/pages/mall/MallReportPage.vue')),
  page('mall/new', 'rewardNew', 'mall.new', 'rewards.write', () => import('@/pages/mall/RewardPage.vue')),
  page('mall/rewards/:key', 'reward', 'mall.one', 'rewards.read', () => import('@/pages/mall/RewardPage.vue')),
  page('redemptions', 'redemptions', 'nav.redemptions', 'rewards.read', () => import('@/pages/mall/RedemptionsPage.vue')),
  page('programme/prepaid', 'prepaid', 'nav.prepaid', 'ledger.read', () => import('@/pages/prepaid/PrepaidPage.vue')),
  page('gift-cards', 'giftCards', 'nav.giftCards', 'prepaid.sell', () => import('@/pages/prepaid/GiftCardsPage.vue')),
  page('reports/liability', 'liability', 'nav.liability', 'reports.read', () => import('@/pages/prepaid/LiabilityPage.vue')),
  page('programme/plans', 'plans', 'nav.plans', 'subscriptions.read', () => import('@/pages/plans/PlansPage.vue')),
  page('subscribers', 'subscribers', 'nav.subscribers', 'subscriptions.read', () => import('@/pages/plans/SubscribersPage.vue')),
  page('payments', 'payments', 'nav.payments', 'payments.read', () => import('@/pages/plans/PaymentsPage.vue')),
  page('settings/payment-accounts', 'paymentAccounts', 'nav.paymentAccounts', 'payments.manage', () => import('@/pages/plans/AccountsPage.vue')),
  page('programme/services', 'services', 'nav.services', 'bookings.read', () => import('@/pages/bookings/ServicesPage.vue')),
  page('calendar', 'calendar', 'nav.calendar', 'bookings.read', () => import('@/pages/bookings/CalendarPage.vue')),
  page('programme/tiers/preview', 'tierWork', 'tierWork.title', 'programme.read', () => import('@/pages/programme/TierWorkPage.vue')),
  page('reviews', 'reviews', 'nav.reviews', 'ledger.approve', () => import('@/pages/members/ReviewsPage.vue')),
  page('insight/rfm', 'rfm', 'rfm.title', 'insight.read', () => import('@/pages/rfm/RfmPage.vue')),
  page('insight/tiers', 'tierHistory', 'tierHistory.title', 'insight.read', () => import('@/pages/rfm/TierHistoryPage.vue')),
  page('insight/freshness', 'freshness', 'freshness.title', 'insight.read', () => import('@/pages/rfm/FreshnessPage.vue')),
  page('insight/value', 'value', 'valuePage.title', 'insight.read', () => import('@/pages/insight/ValuePage.vue')),
  page('insight/churn', 'churn', 'churnPage.title', 'insight.read', () => import('@/pages/insight/ChurnPage.vue')),
  page('insight/recommend', 'recommend', 'recommendPage.title', 'insight.read', () => import('@/pages/voices/RecommendPage.vue')),
  page('insight/voice', 'voice', 'voicePage.title', 'insight.read', () => import('@/pages/voices/VoicePage.vue')),
  page('insight/lifecycle', 'lifecycle', 'lifecycle.title', 'insight.read', () => import('@/pages/insight/LifecyclePage.vue')),
  page('insight/koc', 'koc', 'koc.title', 'insight.read', () => import('@/pages/insight/KocPage.vue')),
  page('insight/reports', 'insightReports', 'insightReports.title', 'insight.read', () => import('@/pages/insight/ReportsPage.vue')),
  page('insight/reports/goals', 'goals', 'goals.title', 'insight.read', () => import('@/pages/insight/GoalsPage.vue')),
  page('insight/reports/entered', 'entered', 'entered.title', 'insight.read', () => import('@/pages/insight/EnteredPage.vue')),
  page('insight/reports/:name', 'insightReport', 'insightReports.one', 'insight.read', () => import('@/pages/insight/ReportPage.vue')),
  page('reach/campaigns', 'campaigns', 'nav.campaigns', 'campaigns.read', () => import('@/pages/campaigns/CampaignsPage.vue')),
  page('reach/campaigns/new', 'campaignNew', 'campaigns.add', 'campaigns.write', () => import('@/pages/campaigns/CampaignEditPage.vue')),
  page('reach/campaigns/holdout', 'campaignHoldout', 'campaignHoldout.title', 'campaigns.read', () => import('@/pages/campaigns/CampaignHoldoutPage.vue')),
  page('reach/campaigns/:code', 'campaign', 'campaigns.one', 'campaigns.read', () => import('@/pages/campaigns/CampaignPage.vue')),
  page('reach/campaigns/:code/edit', 'campaignEdit', 'campaigns.edit', 'campaigns.write', () => import('@/pages/campaigns/CampaignEditPage.vue')),
  page('reach/journeys', 'journeys', 'nav.journeys', 'journeys.read', () => import('@/pages/journeys/JourneysPage.vue')),
  page('reach/journeys/:code', 'journey', 'journeys.one', 'journeys.read', () => import('@/pages/journeys/JourneyPage.vue')),
  page('reach/care', 'carePlans', 'nav.care', 'care.read', () => import('@/pages/care/CarePlansPage.vue')),
  page('reach/care/new', 'carePlanNew', 'carePlans.add', 'care.write', () => import('@/pages/care/CarePlanPage.vue')),
  page('reach/care/:key', 'carePlan', 'carePlans.one', 'care.read', () => import('@/pages/care/CarePlanPage.vue')),
  page('reach/calendar', 'festivalCalendar', 'nav.festivalCalendar', 'care.read', () => import('@/pages/care/FestivalCalendarPage.vue')),
  page('reach/tasks', 'staffTasks', 'nav.staffTasks', 'tasks.read', () => import('@/pages/care/TasksPage.vue')),
  page('reach/templates', 'templates', 'templates.title', 'messages.read', () => import('@/pages/templates/TemplatesPage.vue')),
  page('reach/templates/new', 'templateNew', 'templates.add', 'messages.write', () => import('@/pages/templates/TemplatePage.vue')),
  page('reach/templates/:code', 'template', 'templates.one', 'messages.read', () => import('@/pages/templates/TemplatePage.vue')),
  page('reach/channels', 'channels', 'channels.title', 'messages.read', () => import('@/pages/channels/ChannelsPage.vue')),
  page('reach/links', 'links', 'links.title', 'messages.read', () => import('@/pages/templates/LinksPage.vue')),
  page('reach/missions', 'missions', 'nav.missions', 'missions.read', () => import('@/pages/missions/MissionsPage.vue')),
  page('reach/missions/new', 'missionNew', 'missions.add', 'missions.write', () => import('@/pages/missions/MissionEditPage.vue')),
  page('reach/missions/one/:key', 'mission', 'missions.one', 'missions.read', () => import('@/pages/missions/MissionPage.vue')),
  page('reach/missions/one/:key/edit', 'missionEdit', 'missions.edit', 'missions.write', () => import('@/pages/missions/MissionEditPage.vue')),
  page('reach/missions/checkin', 'checkinSettings', 'missions.tabs.checkin', 'missions.read', () => import('@/pages/missions/CheckinSettingsPage.vue')),
  page('reach/missions/badges', 'badgeAdmin', 'missions.tabs.badges', 'missions.read', () => import('@/pages/missions/BadgesPage.vue')),
  page('reach/missions/boards', 'boardAdmin', 'missions.tabs.boards', 'missions.read', () => import('@/pages/missions/BoardsPage.vue')),
  page('reach/missions/draws', 'drawAdmin', 'missions.tabs.draws', 'missions.read', () => import('@/pages/missions/DrawsPage.vue')),
  page('reach/missions/draws/new', 'drawNew', 'drawAdmin.add', 'missions.write', () => import('@/pages/missions/DrawPage.vue')),
  page('reach/missions/draws/one/:key', 'draw', 'drawAdmin.edit', 'missions.read', () => import('@/pages/missions/DrawPage.vue')),
  page('reach/messages', 'messages', 'nav.messages', 'messages.read', () => import('@/pages/messages/SendsPage.vue')),
  page('reach/messages/log', 'messageLog', 'sends.log', 'messages.read', () => import('@/pages/messages/MessagesPage.vue')),
  page('reach/messages/limits', 'messagePolicy', 'sendLimits.title', 'messages.read', () => import('@/pages/messages/SendingLimitsPage.vue')),
  page('reach/messages/:id', 'message', 'sends.one', 'messages.read', () => import('@/pages/messages/SendPage.vue')),
  page('settings/stores', 'stores', 'nav.stores', 'members.read', () => import('@/pages/settings/StoresPage.vue')),
  page('settings/stores/:code/poster', 'poster', 'stores.poster', 'members.read', () => import('@/pages/settings/PosterPage.vue')),
  page('settings/fields', 'fields', 'nav.fields', 'members.read', () => import('@/pages/settings/FieldsPage.vue')),
  page('settings/activity-types', 'activityTypes', 'nav.activityTypes', 'activities.read', () => import('@/pages/settings/ActivityTypesPage.vue')),
  page('settings/categories', 'categories', 'categories.title', 'members.read', () => import('@/pages/categories/CategoriesPage.vue')),
  page('settings/brand', 'brand', 'nav.brand', 'settings.write', () => import('@/pages/settings/BrandPage.vue')),
  page('settings/staff', 'staff', 'nav.staff', 'staff.manage', () => import('@/pages/settings/StaffPage.vue')),
  page('settings/roles', 'roles', 'nav.roles', 'staff.manage', () => import('@/pages/settings/RolesPage.vue')),
  page('settings/webhooks', 'webhooks', 'nav.webhooks', 'webhooks.manage', () => import('@/pages/settings/WebhooksPage.vue')),
  page('settings/api-keys', 'apikeys', 'nav.apikeys', 'apikeys.manage', () => import('@/pages/settings/ApiKeysPage.vue')),
  page('settings/audit', 'audit', 'nav.audit', 'audit.read', () => import('@/pages/settings/AuditPage.vue')),
  page(':rest(.*)*', 'lost', 'state.notFoundTitle', undefined, () => import('@/pages/LostPage.vue')),
]

const till: RouteRecordRaw[] = [
  page('', 'till', 'till.title', 'checkout.quote', () => import('@/pages/till/SalePage.vue')),
  page('recent', 'tillRecent', 'till.recent', 'checkout.read', () => import('@/pages/till/RecentPage.vue')),
  page('services', 'tillServices', 'till.services', 'coupons.use', () => import('@/pages/till/ServicesPage.vue')),
]

export const router = createRouter({
  history: createWebHistory('/console/'),
  routes: [
    { path: '/', name: 'root', component: () => import('@/pages/LostPage.vue') },
    { path: '/signin', name: 'signin', component: () => import('@/pages/SignInPage.vue'), meta: { open: true, title: 'signin.title' } },
    { path: '/:brand/till', component: () => import('@/pages/till/TillFrame.vue'), children: till },
    { path: '/:brand', component: () => import('@/layout/AppFrame.vue'), children: pages },
  ],
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
})

router.beforeEach(async (to) => {
  const session = useSession()
  if (!session.session) {
    try {
      await session.load()
    } catch {
      return to.meta.open ? true : { name: 'signin', query: { next: to.fullPath } }
    }
  }
  if (to.meta.open) return session.staff && to.name === 'signin' && session.homeSlug() ? { name: 'root' } : true
  if (!session.staff) return { name: 'signin', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  if (to.name === 'root') {
    const slug = session.homeSlug()
    return slug ? firstPage(slug) : { name: 'signin', query: { nobrand: '1' } }
  }
  if (!session.choose(String(to.params['brand']))) {
    const slug = session.homeSlug()
    return slug ? { name: 'root' } : { name: 'signin', query: { nobrand: '1' } }
  }
  return true
})

/** Home, or the first page she may open: a clerk who sees no reports stands at the till. */
function firstPage(slug: string) {
  const session = useSession()
  session.choose(slug)
  if (!session.may('reports.read') && session.may('checkout.commit')) return { name: 'till', params: { brand: slug } }
  const open = pages.find((one) => session.may(one.meta?.permission))
  return { name: open?.name ?? 'home', params: { brand: slug } }
}
