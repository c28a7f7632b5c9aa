import { api } from '@/api/client'
import type { components } from '@/api/schema'
import type { QuoteAsked } from './shapes'

const key = (value: string) => ({ 'Idempotency-Key': value })

/** What the till asks of the server. What changes something carries the key of its try. */
export const calls = {
  quote: (body: QuoteAsked, signal: AbortSignal) => api.post('/api/console/till/quotes', { body, signal }),
  commit: (body: { token: string; number: string }, tried: string) => api.post('/api/console/till/checkouts', { body, headers: key(tried) }),
  recent: (store: string, signal: AbortSignal) => api.get('/api/console/till/recent', { query: { store }, signal }),
  one: (id: string, signal: AbortSignal) => api.get('/api/console/till/checkouts/{checkout_id}', { path: { checkout_id: id }, signal }),
  takeBack: (id: string, body: components['schemas']['ReturnAsked'], tried: string) =>
    api.post('/api/console/till/checkouts/{checkout_id}/returns', { path: { checkout_id: id }, body, headers: key(tried) }),
  cancel: (id: string, tried: string) => api.post('/api/console/till/checkouts/{checkout_id}/cancel', { path: { checkout_id: id }, body: { reason: '' }, headers: key(tried) }),
  reopen: (id: string, tried: string) => api.post('/api/console/till/checkouts/{checkout_id}/reopen', { path: { checkout_id: id }, body: { reason: '' }, headers: key(tried) }),
}
