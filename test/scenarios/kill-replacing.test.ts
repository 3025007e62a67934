// timeout: 300s
import { test } from 'uvu'
import { killChapters, life } from '../support/kill-story.ts'

killChapters(life, 6)

test.run()
