/** Who invites the visitor: told by the server once the link's visit is noted. */
import { defineStore } from 'pinia'
import { ref } from 'vue'
import { noteVisit } from '@/api/endpoints'
import type { Visit } from '@/api/types'
import { linkCode } from './arrival'

export const useInvited = defineStore('invited', () => {
  const visit = ref<Visit | null>(null)

  async function open(search: string): Promise<void> {
    const code = linkCode(search)
    if (!code) return
    try {
      visit.value = await noteVisit(code)
    } catch {
      /* a code that is nobody's: the visitor comes in like everybody else */
    }
  }
  return { visit, open }
})
