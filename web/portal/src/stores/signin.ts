/** Where a visitor stands between typing her number and being signed in. Lives in memory only. */
import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { IdentifierKind } from '@/api/types'

export const useSignIn = defineStore('sign-in', () => {
  const kind = ref<IdentifierKind>('phone')
  const address = ref('')
  const sentAt = ref(0)
  const proven = ref(false)

  function sent(toKind: IdentifierKind, toAddress: string): void {
    kind.value = toKind
    address.value = toAddress
    sentAt.value = Date.now()
    proven.value = false
  }

  function clear(): void {
    address.value = ''
    sentAt.value = 0
    proven.value = false
  }

  return { kind, address, sentAt, proven, sent, clear }
})
