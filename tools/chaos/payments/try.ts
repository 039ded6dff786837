import { runSeeds } from './run.ts'

const [from = '1', to = from] = process.argv.slice(2)
const seeds = Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i)
const figures = await runSeeds({
  seeds,
  stopWhenFound: false,
  print: (line) => console.error(line),
})
console.log(JSON.stringify(figures))
process.exit(0)
