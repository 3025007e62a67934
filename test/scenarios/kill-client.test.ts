// timeout: 300s
import { test } from 'uvu'
import { clientLife, killChapters } from '../support/kill-story.ts'

killChapters(clientLife)

test.run()
