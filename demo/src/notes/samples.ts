// A handful of notes to begin with, about birds and rivers.
import type { Note } from './note.ts'

const hourMs = 3_600_000

/** The samples, begun one after the other until now. */
export function samples(nowMs: number): Note[] {
  return written.map((note, index) => ({ ...note, createdAt: nowMs - index * 7 * hourMs }))
}

const written: readonly Note[] = [
  {
    title: 'Heron below the weir',
    text:
      'Grey heron on the gravel bar again, left of the fish ladder, the third morning in a row. It stands in the ' +
      'slack water where the current folds back and waits for whatever the ladder tires out.\n\n' +
      '07:40  arrives from downstream, low\n07:55  first strike, missed\n08:10  small eel, swallowed head first\n\n' +
      'Leaves when the first rowing eight comes through. Bring the long lens, and come before seven.',
    tags: ['heron', 'weir'],
    done: false,
    sightings: 3,
  },
  {
    title: 'Kingfisher nest, east bank',
    text:
      'Tunnel about a metre under the top of the cut bank, between the second and third alder roots. White streak ' +
      'below the hole, so it is in use.\n\nKeep to the west path until August. Tell the canoe club.',
    tags: ['kingfisher', 'nest'],
    done: false,
  },
  {
    title: 'Spring count, Ham eyot to the lock',
    text:
      'Mute swan 6\nGreat crested grebe 4 (two pairs, one dancing)\nCoot 19\nMoorhen 7\nTufted duck 11\n' +
      'Common sandpiper 1, the first this year\n\nWind west, light. Water high and brown after the weekend.',
    tags: ['count', 'spring'],
    done: true,
  },
  {
    title: 'Water level',
    text: 'Gauge at the footbridge, 08:00.\n\nMon 1.42 m\nTue 1.38 m\nWed 1.61 m (rain upstream overnight)\nThu 1.55 m',
    tags: ['river', 'log'],
    done: false,
  },
  {
    title: 'Things to bring on Sunday',
    text: 'Flask, spare gloves, the small scope\nThread for the net float\nMap of the backwater, laminated this time',
    tags: ['to do'],
    done: false,
  },
  {
    title: 'Sand martins are back',
    text:
      'Eleven over the quarry pool at dusk, hawking low. Nine days later than last year. No holes cleared yet in the ' +
      'bank; the winter flood took a good slice of it away.',
    tags: ['sand martin', 'spring'],
    done: false,
    sightings: 11,
  },
  {
    title: 'Mend the hide shutter',
    text: 'Left shutter sticks when it is wet. Two brass hinges, 50 mm. Ask Marta for the key to the shed.',
    tags: ['to do', 'hide'],
    done: true,
  },
]
