import {
  ChatDotRound, Bell, CreditCard, Discount, Document, Files, House, Key, Medal, Message, Operation, Present, PriceTag,
  SetUp, Shop, ShoppingCart, Stamp, Ticket, Tickets, Upload, User, UserFilled, Wallet, Coin, CollectionTag, Brush,
  Box, Goods, Handbag,
  WalletFilled,
  Postcard,
  DataLine,
  Star,
  Avatar,
  Money,
  Connection,
  Promotion,
  Clock,
  Calendar,
  WarnTriangleFilled,
  Sort,
  TrendCharts,
  Grid,
  Histogram,
  Timer,
  Flag,
  Guide,
  Trophy,
  FirstAidKit,
  Sunny,
  List,
  Share,
  EditPen,
  Link,
} from '@element-plus/icons-vue'
import type { Component } from 'vue'

export interface Entry {
  readonly name: string
  readonly label: string
  readonly icon: Component
  readonly permission?: string
}

export interface Group {
  readonly label?: string
  readonly entries: readonly Entry[]
}

/** By the operator's work, not by our rooms. An entry that she may not open is not shown. */
export const navigation: readonly Group[] = [
  {
    entries: [
      { name: 'home', label: 'nav.home', icon: House, permission: 'reports.read' },
      { name: 'till', label: 'nav.till', icon: ShoppingCart, permission: 'checkout.quote' },
    ],
  },
  {
    label: 'nav.members',
    entries: [
      { name: 'members', label: 'nav.memberList', icon: User, permission: 'members.read' },
      { name: 'segments', label: 'nav.segments', icon: Grid, permission: 'segments.read' },
      { name: 'tags', label: 'nav.tags', icon: PriceTag, permission: 'members.read' },
      { name: 'approvals', label: 'nav.approvals', icon: Stamp, permission: 'ledger.read' },
      { name: 'reviews', label: 'nav.reviews', icon: WarnTriangleFilled, permission: 'ledger.approve' },
      { name: 'imports', label: 'nav.imports', icon: Upload, permission: 'imports.run' },
    ],
  },
  {
    label: 'nav.programme',
    entries: [
      { name: 'rules', label: 'nav.rules', icon: Operation, permission: 'programme.read' },
      { name: 'tiers', label: 'nav.tiers', icon: Medal, permission: 'programme.read' },
      { name: 'promotions', label: 'nav.promotions', icon: Discount, permission: 'programme.read' },
      { name: 'benefits', label: 'nav.benefits', icon: Present, permission: 'programme.read' },
      { name: 'mall', label: 'nav.mall', icon: Goods, permission: 'rewards.read' },
      { name: 'prepaid', label: 'nav.prepaid', icon: WalletFilled, permission: 'ledger.read' },
      { name: 'plans', label: 'nav.plans', icon: Star, permission: 'subscriptions.read' },
      { name: 'services', label: 'nav.services', icon: Clock, permission: 'bookings.read' },
      { name: 'coupons', label: 'nav.coupons', icon: Ticket, permission: 'coupons.read' },
      { name: 'budgets', label: 'nav.budgets', icon: Wallet, permission: 'coupons.read' },
      { name: 'checkout', label: 'nav.checkout', icon: CreditCard, permission: 'programme.read' },
      { name: 'units', label: 'nav.units', icon: Coin, permission: 'programme.read' },
      { name: 'versions', label: 'nav.versions', icon: Files, permission: 'programme.read' },
    ],
  },
  {
    label: 'nav.desk',
    entries: [
      { name: 'redemptions', label: 'nav.redemptions', icon: Box, permission: 'rewards.read' },
      { name: 'calendar', label: 'nav.calendar', icon: Calendar, permission: 'bookings.read' },
      { name: 'giftCards', label: 'nav.giftCards', icon: Postcard, permission: 'prepaid.sell' },
      { name: 'subscribers', label: 'nav.subscribers', icon: Avatar, permission: 'subscriptions.read' },
      { name: 'payments', label: 'nav.payments', icon: Money, permission: 'payments.read' },
      { name: 'liability', label: 'nav.liability', icon: DataLine, permission: 'reports.read' },
    ],
  },
  {
    label: 'nav.reach',
    entries: [
      { name: 'campaigns', label: 'nav.campaigns', icon: Flag, permission: 'campaigns.read' },
      { name: 'journeys', label: 'nav.journeys', icon: Guide, permission: 'journeys.read' },
      { name: 'missions', label: 'nav.missions', icon: Trophy, permission: 'missions.read' },
      { name: 'referrals', label: 'referrals.title', icon: Share, permission: 'referrals.read' },
      { name: 'carePlans', label: 'nav.care', icon: FirstAidKit, permission: 'care.read' },
      { name: 'festivalCalendar', label: 'nav.festivalCalendar', icon: Sunny, permission: 'care.read' },
      { name: 'staffTasks', label: 'nav.staffTasks', icon: List, permission: 'tasks.read' },
      { name: 'messages', label: 'nav.messages', icon: Message, permission: 'messages.read' },
      { name: 'templates', label: 'templates.title', icon: EditPen, permission: 'messages.read' },
      { name: 'channels', label: 'channels.title', icon: Connection, permission: 'messages.read' },
      { name: 'links', label: 'links.title', icon: Link, permission: 'messages.read' },
      { name: 'messagePolicy', label: 'nav.messagePolicy', icon: Bell, permission: 'messages.read' },
    ],
  },
  {
    label: 'nav.insight',
    entries: [
      { name: 'rfm', label: 'rfm.title', icon: Grid, permission: 'insight.read' },
      { name: 'value', label: 'valuePage.title', icon: Coin, permission: 'insight.read' },
      { name: 'churn', label: 'churnPage.title', icon: WarnTriangleFilled, permission: 'insight.read' },
      { name: 'recommend', label: 'recommendPage.title', icon: Goods, permission: 'insight.read' },
      { name: 'voice', label: 'voicePage.title', icon: ChatDotRound, permission: 'insight.read' },
      { name: 'lifecycle', label: 'lifecycle.title', icon: Sort, permission: 'insight.read' },
      { name: 'insightReports', label: 'insightReports.title', icon: TrendCharts, permission: 'insight.read' },
      { name: 'tierHistory', label: 'tierHistory.title', icon: Histogram, permission: 'insight.read' },
      { name: 'freshness', label: 'freshness.title', icon: Timer, permission: 'insight.read' },
    ],
  },
  {
    label: 'nav.settings',
    entries: [
      { name: 'stores', label: 'nav.stores', icon: Shop, permission: 'members.read' },
      { name: 'fields', label: 'nav.fields', icon: CollectionTag, permission: 'members.read' },
      { name: 'activityTypes', label: 'nav.activityTypes', icon: Tickets, permission: 'activities.read' },
      { name: 'categories', label: 'categories.title', icon: Handbag, permission: 'members.read' },
      { name: 'brand', label: 'nav.brand', icon: Brush, permission: 'settings.write' },
      { name: 'paymentAccounts', label: 'nav.paymentAccounts', icon: Connection, permission: 'payments.manage' },
      { name: 'staff', label: 'nav.staff', icon: UserFilled, permission: 'staff.manage' },
      { name: 'roles', label: 'nav.roles', icon: SetUp, permission: 'staff.manage' },
      { name: 'webhooks', label: 'nav.webhooks', icon: Promotion, permission: 'webhooks.manage' },
      { name: 'apikeys', label: 'nav.apikeys', icon: Key, permission: 'apikeys.manage' },
      { name: 'audit', label: 'nav.audit', icon: Document, permission: 'audit.read' },
    ],
  },
]

