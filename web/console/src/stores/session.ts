import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { api, useBrand } from '@/api/client'
import type { components } from '@/api/schema'
import { setBusinessZone } from '@/format/time'

export type Session = components['schemas']['SessionOut']
export type BrandChoice = components['schemas']['BrandChoiceOut']

/** Who is signed in, for which brand, and what she may do there. */
export const useSession = defineStore('session', () => {
  const session = shallowRef<Session>()
  const slug = ref('')
  const brands = computed<BrandChoice[]>(() => session.value?.brands ?? [])
  const brand = computed(() => brands.value.find((one) => one.slug === slug.value))
  const staff = computed(() => session.value?.staff ?? undefined)
  const permissions = computed(() => new Set(brand.value?.permissions ?? []))
  const permissionNames = computed(() => session.value?.permission_names ?? {})

  async function load(): Promise<void> {
    session.value = await api.get('/api/console/session')
  }

  function choose(next: string): boolean {
    const found = brands.value.find((one) => one.slug === next)
    if (!found) return false
    slug.value = next
    useBrand(next)
    setBusinessZone(found.timezone)
    localStorage.setItem('regulars.brand', next)
    return true
  }

  function homeSlug(): string | undefined {
    const last = localStorage.getItem('regulars.brand')
    return (brands.value.find((one) => one.slug === last) ?? brands.value[0])?.slug
  }

  async function signIn(email: string, password: string): Promise<void> {
    session.value = await api.post('/api/console/session', { body: { email, password } })
  }

  async function signOut(): Promise<void> {
    await api.delete('/api/console/session')
    await load()
  }

  function may(permission: string | undefined): boolean {
    return permission === undefined || permissions.value.has(permission)
  }

  return { session, slug, brands, brand, staff, permissions, permissionNames, load, choose, homeSlug, signIn, signOut, may }
})
