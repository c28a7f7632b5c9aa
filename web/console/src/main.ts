import { createPinia } from 'pinia'
import { createApp } from 'vue'
import 'element-plus/theme-chalk/base.css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import 'element-plus/theme-chalk/el-message.css'
import 'element-plus/theme-chalk/el-message-box.css'
import './styles/tokens.css'
import './styles/base.css'
import App from './App.vue'
import { whenSignedOut } from './api/client'
import { letEscapeThrough } from './components/escape'
import { i18n } from './i18n'
import { router } from './router'
import { useSession } from './stores/session'

const app = createApp(App).use(createPinia()).use(i18n).use(router)

whenSignedOut(() => {
  const session = useSession()
  if (!session.session?.staff) return
  session.session = undefined
  const here = router.currentRoute.value
  void router.push({ name: 'signin', query: { next: here.fullPath, expired: '1' } })
})

letEscapeThrough()
app.mount('#app')
