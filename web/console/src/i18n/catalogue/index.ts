import { builder } from './builder'
import { common } from './common'
import { consents } from './consents'
import { coupons } from './coupons'
import { frame } from './frame'
import { home } from './home'
import { imports } from './imports'
import { members } from './members'
import { programme } from './programme'
import { settings } from './settings'
import { mall } from './mall'
import { prepaid } from './prepaid'
import { plans } from './plans'
import { bookings } from './bookings'
import { till } from './till'
import { webhooks } from './webhooks'

/** Every text of the console, by area. */
export const catalogue = { ...common, ...frame, ...home, ...members, ...programme, ...imports, ...settings, ...till, ...coupons, ...builder, ...mall, ...prepaid, ...plans, ...bookings, ...webhooks, ...consents } as const
