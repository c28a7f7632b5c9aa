/** How many messages she has not seen: the number at the bell. */
import { defineStore } from 'pinia'
import { ref } from 'vue'
import { getUnread, markInboxRead } from '@/api/endpoints'

export const useInbox = defineStore('inbox', () => {
  const unread = ref(0)

  /** A bell without a number harms nobody, so failures are let pass. */
  async function take(ask: () => Promise<{ unread: number }>): Promise<void> {
    try {
      unread.value = (await ask()).unread
    } catch {
      unread.value = 0
    }
  }

  const refresh = () => take(getUnread)
  const saw = (newest: string) => take(() => markInboxRead(newest))

  return { unread, refresh, saw }
})
