import { useI18n } from 'vue-i18n'
import { api } from '@/api/client'
import { newKey } from '@/api/key'
import type { components } from '@/api/schema'
import { askText } from '@/components/ask'
import { useAct } from '@/components/useAct'

export type Booking = components['schemas']['BookingOut']
export type Waiting = components['schemas']['WaitingRowOut']

/** What is done with a booking where it is shown; `changed` shows what became of it. */
export function useBookingActs(changed: () => Promise<unknown>) {
  const { t } = useI18n()
  const { busy, run } = useAct()
  const path = (one: Booking) => ({ code: one.member_code, booking_id: one.id })
  const then = async (done: unknown) => {
    if (done !== false) await changed()
  }
  return {
    busy,
    checkIn: async (one: Booking) => then(await run(() => api.post('/api/console/members/{code}/bookings/{booking_id}/check-in', { path: path(one), body: { key: newKey(), reason: '' } }), t('calendar.checkedIn'))),
    accept: async (one: Booking) => then(await run(() => api.post('/api/console/members/{code}/bookings/{booking_id}/accept', { path: path(one), body: { key: newKey(), reason: '' } }), t('calendar.accepted'))),
    cancel: async (one: Booking) => {
      const reason = await askText(t('calendar.cancel'), t('calendar.cancelWhy', { name: one.name, time: one.time }), t('calendar.cancel'), t('action.back'))
      if (reason !== undefined) await then(await run(() => api.post('/api/console/members/{code}/bookings/{booking_id}/cancel', { path: path(one), body: { key: newKey(), reason } }), t('calendar.cancelled')))
    },
    leave: async (one: Waiting) => then(await run(() => api.delete('/api/console/members/{code}/waiting/{waiting_id}', { path: { code: one.member_code, waiting_id: one.id } }), t('calendar.left2'))),
  }
}
