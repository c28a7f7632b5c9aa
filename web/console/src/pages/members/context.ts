import type { InjectionKey, Ref } from 'vue'
import type { components } from '@/api/schema'

export type Member = components['schemas']['MemberOut']

export interface MemberContext {
  member: Ref<Member | undefined>
  code: string
  changed: () => Promise<void>
}

export const memberKey: InjectionKey<MemberContext> = Symbol('member')
