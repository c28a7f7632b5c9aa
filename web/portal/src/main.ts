import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { surround } from '@/api/client'
import App from '@/App.vue'
import { firstLanguage, i18n, language, speak } from '@/i18n'
import { makeRouter } from '@/router'
import { keepArrival } from '@/stores/arrival'
import { useInvited } from '@/stores/invited'
import { useFront } from '@/stores/front'
import '@/theme/vant'

async function start(): Promise<void> {
  speak(firstLanguage())
  keepArrival(window.location.search)
  const slug = window.location.pathname.split('/')[2] ?? ''
  const app = createApp(App)
  app.use(createPinia())
  app.use(i18n)
  const front = useFront()
  const router = makeRouter()
  surround({
    base: `/api/portal/${slug}/`,
    language,
    signedOut: () => {
      if (!front.signedIn) return
      front.forget()
      void router.replace({ name: 'welcome', query: { ended: '1', next: router.currentRoute.value.fullPath } })
    },
  })
  try {
    await front.open()
  } catch {
    /* App says what happened and offers to try again */
  }
  void useInvited().open(window.location.search)
  app.use(router)
  app.mount('#app')
}

void start()
