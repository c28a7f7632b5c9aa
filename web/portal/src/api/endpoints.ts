/** Every question the pages ask of the server, by name. */
import { call } from './client'
import type * as T from './types'

const at = (path: string, cursor: string | null): string =>
  cursor ? `${path}?cursor=${encodeURIComponent(cursor)}` : path

export const getFront = (query: string) => call<T.Front>('GET', `front${query}`)
export const sendCode = (kind: T.IdentifierKind, address: string) =>
  call<T.CodeSent>('POST', 'codes', { kind, address })
export const signIn = (kind: T.IdentifierKind, address: string, code: string, recruiter = '', device = '') =>
  call<T.SignInAnswer>('POST', 'session', { kind, address, code, recruiter, device })
export const signOut = () => call<void>('DELETE', 'session')
export const enrol = (form: T.JoinForm) => call<T.SignInAnswer>('POST', 'enrolment', form)
export const getCard = () => call<T.Card>('GET', 'card')
export const getPass = () => call<T.Pass>('GET', 'pass')
export const getBenefits = () => call<T.Benefits>('GET', 'benefits')
export const getRecommendations = () => call<T.Recommended>('GET', 'recommendations')
export const getPoints = () => call<T.Points>('GET', 'points')
export const getHistory = (cursor: string | null) => call<T.Paged<T.HistoryItem>>('GET', at('history', cursor))
export const getOrders = (cursor: string | null) => call<T.Paged<T.Order>>('GET', at('orders', cursor))
export const getInbox = (cursor: string | null) => call<T.Paged<T.InboxMessage>>('GET', at('inbox', cursor))
export const getUnread = () => call<T.Unread>('GET', 'inbox/unread')
export const markInboxRead = (upTo: string) => call<T.Unread>('POST', 'inbox/read', { up_to: upTo })
export const getProfile = () => call<T.Profile>('GET', 'profile')
export const changeProfile = (values: Record<string, T.FieldValue>) =>
  call<T.Profile>('PATCH', 'profile', { values })
export const getWayOut = (code: string) => call<T.WayOut>('GET', `way-out/${encodeURIComponent(code)}`)
export const changeWayOut = (code: string, action: 'leave' | 'back') =>
  call<T.WayOut>('POST', `way-out/${encodeURIComponent(code)}`, { action })
export const getConsents = () => call<T.Consents>('GET', 'consents')
export const changeConsents = (choices: Record<string, boolean>) => call<T.Consents>('PUT', 'consents', { choices })
export const getIdentifiers = () => call<T.Identifiers>('GET', 'identifiers')
export const sendIdentifierCode = (kind: T.IdentifierKind, address: string) =>
  call<T.CodeSent>('POST', 'identifiers/codes', { kind, address })
export const addIdentifier = (kind: T.IdentifierKind, address: string, code: string) =>
  call<T.Identifiers>('POST', 'identifiers', { kind, address, code })

export const getCoupons = (tab: T.CouponTab, cursor: string | null) =>
  call<T.MyCoupons>('GET', `coupons?tab=${tab}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`)
export const getClaimable = () => call<T.Claimable[]>('GET', 'coupons/claimable')
export const claimCoupon = (definition: string, key: string) =>
  call<T.MyCoupon>('POST', 'coupons/claims', { definition, key })
export const claimCode = (code: string, key: string) => call<T.MyCoupon>('POST', 'coupons/claims', { code, key })
export const showCoupon = (id: string) => call<T.ShownCoupon>('POST', `coupons/${id}/code`)
export const giveCoupon = (id: string, message: string, key: string) =>
  call<T.MyCoupon>('POST', `coupons/${id}/gift`, { message, key })
export const keepCoupon = (id: string) => call<T.MyCoupon>('DELETE', `coupons/${id}/gift`)
export const getGift = (token: string) => call<T.GiftSeen>('GET', `gifts/${encodeURIComponent(token)}`)
export const acceptGift = (token: string) => call<T.MyCoupon>('POST', `gifts/${encodeURIComponent(token)}/accept`)

export const getWallet = () => call<T.Wallet>('GET', 'prepaid')
export const claimGiftCard = (number: string, pin: string, key: string) =>
  call<T.Wallet>('POST', 'gift-cards', { number, pin, key })
export const giveValue = (unit: string, amount: number, to: string, message: string, key: string) =>
  call<T.Wallet>('POST', 'transfers', { unit, amount, to, message, key })
export const redeemStamps = (card: string, key: string) =>
  call<T.Wallet>('POST', `stamp-cards/${encodeURIComponent(card)}`, { key })

export const getMall = () => call<T.Mall>('GET', 'mall')
export const getReward = (key: string) => call<T.Reward>('GET', `mall/${encodeURIComponent(key)}`)
export const redeem = (reward: string, form: T.RedeemForm) =>
  call<T.Redemption>('POST', `mall/${encodeURIComponent(reward)}/redemptions`, form)
export const getRedemptions = (cursor: string | null) => call<T.Paged<T.Redemption>>('GET', at('redemptions', cursor))
export const getRedemption = (id: string) => call<T.Redemption>('GET', `redemptions/${id}`)
export const cancelRedemption = (id: string, key: string) =>
  call<T.Redemption>('POST', `redemptions/${id}/cancel`, { key, reason: '' })
export const receiveRedemption = (id: string, key: string) =>
  call<T.Redemption>('POST', `redemptions/${id}/received`, { key, reason: '' })
export const payRedemption = (id: string) => call<T.Redemption>('POST', `redemptions/${id}/payment`, {})
export const showVirtualCodes = (id: string) => call<{ codes: string[] }>('POST', `redemptions/${id}/codes`)

export const getPlans = () => call<T.Plans>('GET', 'plans')
export const getMyPlan = () => call<T.MyPlan>('GET', 'plan')
export const buyPlan = (plan: string, period: T.Period, key: string) =>
  call<T.PlanOutcome>('POST', 'plan', { plan, period, key })
export const tryPlan = (plan: string, key: string) => call<T.PlanOutcome>('POST', 'plan/trial', { plan, key })
export const quotePlanChange = (plan: string, period: T.Period) =>
  call<T.PlanOutcome>('GET', `plan/change?plan=${encodeURIComponent(plan)}&period=${period}`)
export const changePlan = (plan: string, period: T.Period, key: string) =>
  call<T.PlanOutcome>('POST', 'plan/change', { plan, period, key })
export const setPlanRenewal = (on: boolean, key: string) => call<T.PlanOutcome>('POST', 'plan/renewal', { on, key })
export const pausePlan = (key: string) => call<T.PlanOutcome>('POST', 'plan/pause', { key })
export const resumePlan = (key: string) => call<T.PlanOutcome>('POST', 'plan/resume', { key })
export const quoteLeaving = () => call<T.PlanOutcome>('GET', 'plan/refund')
export const leavePlan = (key: string) => call<T.PlanOutcome>('POST', 'plan/refund', { key })
export const checkPayment = (id: string) => call<T.PlanPayment>('POST', `payments/${id}/check`)
export const closePayment = (id: string) => call<T.PlanPayment>('POST', `payments/${id}/close`)

export const getServices = () => call<T.Service[]>('GET', 'services')
export const getSlots = (service: string, first: string | null, days: number, places: number) =>
  call<T.Slot[]>('GET', `services/${encodeURIComponent(service)}/slots?days=${days}&places=${places}${first ? `&first=${first}` : ''}`)
export const getBookings = (cursor: string | null) => call<T.Bookings>('GET', at('bookings', cursor))
export const book = (form: { key: string; service: string; resource: string; starts_at: string; places: number; note: string }) =>
  call<T.Booking>('POST', 'bookings', form)
export const moveBooking = (id: string, form: { key: string; resource: string; starts_at: string }) =>
  call<T.Booking>('POST', `bookings/${id}/move`, form)
export const cancelBooking = (id: string, key: string) =>
  call<T.Booking>('POST', `bookings/${id}/cancel`, { key, reason: '' })
export const acceptBooking = (id: string, key: string) =>
  call<T.Booking>('POST', `bookings/${id}/accept`, { key, reason: '' })
export const joinWaiting = (form: { service: string; resource: string; starts_at: string; places: number }) =>
  call<void>('POST', 'waiting', form)
export const leaveWaiting = (id: string) => call<void>('DELETE', `waiting/${id}`)

export const noteVisit = (code: string) => call<T.Visit>('POST', 'visits', { code })
export const getInvitation = (device: string) => call<T.Invitation>('GET', `invitation?device=${encodeURIComponent(device)}`)
export const getFriends = (cursor: string | null) => call<T.Paged<T.Friend>>('GET', at('friends', cursor))
export const makeShare = (kind: 'join' | 'reward' | 'coupon' | 'page', content: string) => call<T.ShareLink>('POST', 'shares', { kind, content })
export const getCommission = () => call<T.Earnings>('GET', 'commission')
export const getCommissionOrders = (cursor: string | null) => call<T.Paged<T.Earned>>('GET', at('commission/orders', cursor))
export const getStatements = () => call<T.Settled[]>('GET', 'commission/statements')

export const getShop = () => call<T.Shop>('GET', 'shop')
export const checkShop = () => call<T.Shop>('POST', 'shop/check')
export const buyAhead = (form: T.ShopForm) => call<T.Purchase>('POST', 'shop', form)

export const getMissions = () => call<{ items: T.MissionCard[] }>('GET', 'missions')
export const takeUpMission = (key: string) => call<{ mission: T.MissionCard }>('POST', `missions/${encodeURIComponent(key)}`)
export const getCheckin = (month: string) => call<T.Checkin>('GET', `checkin?month=${encodeURIComponent(month)}`)
export const checkIn = () => call<T.CheckedIn>('POST', 'checkin')
export const makeUp = (day: string) => call<T.CheckedIn>('POST', 'checkin/makeup', { day })
export const getBadges = () => call<{ items: T.Badge[] }>('GET', 'badges')
export const getBoards = () => call<T.Boards>('GET', 'boards')
export const getBoard = (key: string, store: string) =>
  call<T.Board>('GET', `boards/${encodeURIComponent(key)}?store=${encodeURIComponent(store)}`)
export const chooseBoards = (hidden: boolean) => call<{ hidden: boolean }>('PUT', 'boards-choice', { hidden })
export const getDraws = () => call<{ items: T.DrawShown[] }>('GET', 'draws')
export const makeDraw = (draw: string, key: string, pay: boolean) =>
  call<T.Drawn>('POST', `draws/${encodeURIComponent(draw)}/plays`, { key, pay })
export const getMyDraws = (draw: string) => call<{ items: T.Drawn[] }>('GET', `draws/${encodeURIComponent(draw)}/plays`)
export const changeSeed = (draw: string, seed: string) =>
  call<T.DrawShown>('PUT', `draws/${encodeURIComponent(draw)}/seed`, { client_seed: seed })
export const getDrawLog = (draw: string, before: string | null) =>
  call<T.DrawLog>('GET', `draws/${encodeURIComponent(draw)}/log${before ? `?before=${before}` : ''}`)
