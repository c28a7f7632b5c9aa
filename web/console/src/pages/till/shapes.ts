import type { components } from '@/api/schema'

type Schemas = components['schemas']
export type Text = Schemas['TextShown']
export type QuotedLine = Schemas['LineShown']
export type Applied = Schemas['AppliedShown']
export type Refused = Schemas['RefusedShown']
export type Price = Schemas['PriceShown']
export type Quote = Schemas['QuoteShown']
export type CartLine = Schemas['CartLineIn']
export type Checkout = Schemas['CheckoutShown']
export type Returned = Schemas['ReturnShown']
export type QuoteAsked = Schemas['QuoteAsked']
