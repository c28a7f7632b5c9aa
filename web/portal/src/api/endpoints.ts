/** Every question the pages ask of the server, by name. */
import { call } from './client'
import type * as T from './types'

const at = (path: string, cursor: string | null): string =>
  cursor ? `${path}?cursor=${encodeURIComponent(cursor)}` : path

export const getFront = (query: string) => call<T.Front>('GET', `front${query}`)
export const sendCode = (kind: T.IdentifierKind, address: string) =>
  call<T.CodeSent>('POST', 'codes', { kind, address })
export const signIn = (kind: T.IdentifierKind, address: string, code: string) =>
  call<T.SignInAnswer>('POST', 'session', { kind, address, code })
export const signOut = () => call<void>('DELETE', 'session')
export const enrol = (form: T.JoinForm) => call<T.SignInAnswer>('POST', 'enrolment', form)
export const getCard = () => call<T.Card>('GET', 'card')
export const getPass = () => call<T.Pass>('GET', 'pass')
export const getBenefits = () => call<T.Benefits>('GET', 'benefits')
export const getPoints = () => call<T.Points>('GET', 'points')
export const getHistory = (cursor: string | null) => call<T.Paged<T.HistoryItem>>('GET', at('history', cursor))
export const getOrders = (cursor: string | null) => call<T.Paged<T.Order>>('GET', at('orders', cursor))
export const getInbox = (cursor: string | null) => call<T.Paged<T.InboxMessage>>('GET', at('inbox', cursor))
export const getUnread = () => call<T.Unread>('GET', 'inbox/unread')
export const markInboxRead = (upTo: string) => call<T.Unread>('POST', 'inbox/read', { up_to: upTo })
export const getProfile = () => call<T.Profile>('GET', 'profile')
export const changeProfile = (values: Record<string, T.FieldValue>) =>
  call<T.Profile>('PATCH', 'profile', { values })
export const getIdentifiers = () => call<T.Identifiers>('GET', 'identifiers')
export const sendIdentifierCode = (kind: T.IdentifierKind, address: string) =>
  call<T.CodeSent>('POST', 'identifiers/codes', { kind, address })
export const addIdentifier = (kind: T.IdentifierKind, address: string, code: string) =>
  call<T.Identifiers>('POST', 'identifiers', { kind, address, code })
