/** The shapes of the portal's API by short names. They come from its OpenAPI document: `npm run api`. */
import type { components } from './schema'

type Shapes = components['schemas']

export type Front = Shapes['FrontOut']
export type Language = Front['language']
export type IdentifierKind = Shapes['CodeAsked']['kind']
export type Benefit = Shapes['BenefitOut']
export type ProfileField = Shapes['FieldOut']
export type FieldValue = string | number | boolean | string[] | null
export type JoinForm = Shapes['JoinForm']
export type CodeSent = Shapes['CodeSentOut']
export type SignInAnswer = Shapes['SignInOut']
export type Balance = Shapes['BalanceOut']
export type Progress = Shapes['ProgressOut']
export type Part = Shapes['PartOut']
export type Card = Shapes['CardOut']
export type NextThing = Shapes['NextOut']
export type Pass = Shapes['PassOut']
export type Benefits = Shapes['BenefitsOut']
export type Wish = Shapes['WishOut']
export type Recommended = Shapes['RecommendedOut']
export type Points = Shapes['PointsOut']
export type HistoryItem = Shapes['HistoryOut']
export type Order = Shapes['OrderOut']
export type InboxMessage = Shapes['InboxMessageOut']
export type Unread = Shapes['UnreadOut']
export type Profile = Shapes['ProfileOut']
export type Identifiers = Shapes['IdentifiersOut']

export type MyCoupon = Shapes['MyCouponOut']
export type MyCoupons = Shapes['MyCouponsOut']
export type CouponTab = 'usable' | 'used' | 'over'
export type Claimable = Shapes['ClaimableOut']
export type ShownCoupon = Shapes['ShownOut']
export type GiftSeen = Shapes['GiftSeenOut']
export type Wallet = Shapes['WalletOut']
export type Mall = Shapes['MallOut']
export type RewardCard = Shapes['RewardCardOut']
export type Reward = Shapes['RewardOut']
export type Redemption = Shapes['RedemptionOut']
export type RedeemForm = Shapes['RedeemGiven']
export type Payment = Shapes['PaymentOut']

export type Plans = Shapes['PlansOut']
export type Plan = Plans['plans'][number]
export type MyPlan = Shapes['MyPlanOut']
export type PlanOutcome = Shapes['OutcomeView']
export type PlanPayment = Shapes['PaymentView']
export type Period = Plan['prices'][number]['period']

export type Consents = Shapes['ConsentsOut']
export type WayOut = Shapes['WayOutOut']
export type ConsentChoice = Consents['choices'][number]

export type Service = Shapes['ServiceOut']
export type Slot = Shapes['SlotOut']
export type Booking = Shapes['BookingOut']
export type Bookings = Shapes['BookingsOut']

export type Invitation = Shapes['InviteOut']
export type Friend = Shapes['FriendOut']
export type Visit = Shapes['VisitOut']
export type ShareLink = Shapes['ShareOut']
export type Earnings = Shapes['EarningsOut']
export type Earned = Shapes['EarnedOut']
export type Settled = Shapes['SettledOut']

export type Shop = Shapes['ShopOut']
export type ShopForm = Pick<Shapes['AheadGiven'], 'kind' | 'what' | 'amount' | 'key'>
export type Purchase = Shapes['PurchaseOut']

export type MissionCard = Shapes['MissionCardOut']
export type Checkin = Shapes['CheckinOut']
export type CheckinDay = Shapes['CheckinDayOut']
export type CheckedIn = Shapes['CheckedInOut']
export type Badge = Shapes['BadgeShownOut']
export type Board = Shapes['BoardOut']
export type Boards = Shapes['BoardsOut']
export type DrawShown = Shapes['DrawShownOut']
export type Drawn = Shapes['DrawnOut']
export type DrawLog = Shapes['DrawLogOut']

export interface Paged<T> {
  items: T[]
  next_cursor?: string | null
}

export interface FieldProblem {
  field: string
  code: string
  message: string
}
