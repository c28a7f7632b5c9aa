import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { download } from '@/api/client'
import { Problem } from '@/api/problem'
import { problemText } from '@/components/problemText'

const answer = (body: string) => new Response(body, { headers: { 'Content-Disposition': "attachment; filename*=UTF-8''%E5%90%8D%E5%8D%95.csv" } })

describe('a file that is fetched', () => {
  const click = vi.fn()
  const link = { click, href: '', download: '' }
  beforeEach(() => {
    vi.stubGlobal('document', { cookie: '', createElement: () => link })
    vi.stubGlobal('URL', { createObjectURL: () => 'blob:x', revokeObjectURL: () => undefined })
  })
  afterEach(() => {
    vi.unstubAllGlobals()
    click.mockReset()
  })

  it('is kept under its own name when it is whole', async () => {
    vi.stubGlobal('fetch', async () => answer('code,name\r\nA,B\r\n'))
    await download('/x', 'x.csv')
    expect(click).toHaveBeenCalledOnce()
    expect(link.download).toBe('名单.csv')
  })

  it('is not kept when its last line says that it broke off', async () => {
    vi.stubGlobal('fetch', async () => answer(`code,name\r\n${'A,B\r\n'.repeat(500)}\r\n!REGULARS-INCOMPLETE 文件不完整，请重新导出 / The file is not whole; export it again\r\n`))
    const refused = await download('/x', 'x.csv').catch((thrown: unknown) => thrown)
    expect(refused).toBeInstanceOf(Problem)
    expect(problemText(refused as Problem, (key) => key)).toBe('state.fileIncomplete')
    expect(click).not.toHaveBeenCalled()
  })

  it('is not kept when the connection is lost on the way', async () => {
    const broken = new ReadableStream({ start: (stream) => { stream.enqueue(new Uint8Array([65])); stream.error(new TypeError('lost')) } })
    vi.stubGlobal('fetch', async () => new Response(broken))
    await expect(download('/x', 'x.csv')).rejects.toMatchObject({ code: 'no_connection' })
    expect(click).not.toHaveBeenCalled()
  })
})
