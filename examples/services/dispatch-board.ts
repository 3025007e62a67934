/** The dispatch board: the company's own service, which knows who drives where. It wants a key in a header. */
import { pathOf, type Service, sendJson, startService } from './service.ts'

export interface DispatchBoardOptions {
  /** 0, the default, takes any free port. */
  readonly port?: number
  /** What `X-Board-Key` must say. */
  readonly key: string
}

export function startDispatchBoard({ port = 0, key }: DispatchBoardOptions): Promise<Service> {
  return startService(port, () => (request, response) => {
    if (request.headers['x-board-key'] !== key) {
      return sendJson(response, 401, {
        error: 'unknown_key',
        message: 'Send a valid key as X-Board-Key.'
      })
    }
    switch (`${request.method} ${pathOf(request)}`) {
      case 'GET /api/v1/me':
        return sendJson(response, 200, { board: { id: 'board-12', name: 'North depot' } })
      case 'GET /api/v1/crews/free':
        return sendJson(response, 200, {
          crews: [
            { id: 'crew-3', driver: 'Ben', freeFrom: '08:00' },
            { id: 'crew-7', driver: 'Mia', freeFrom: '10:30' }
          ]
        })
      default:
        return sendJson(response, 404, { error: 'not_found', message: 'There is nothing here.' })
    }
  })
}
