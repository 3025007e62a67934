import { foldedName } from './check-paths.ts'

/** What package managers, builds, tests, containers and pipelines look for by its name, and run or obey without being asked. */
const names: ReadonlySet<string> = new Set([
  ...['package.json', 'package-lock.json', 'npm-shrinkwrap.json', 'pnpm-workspace.yaml'],
  ...['pnpm-lock.yaml', 'yarn.lock', 'binding.gyp', 'lerna.json', 'nx.json', 'turbo.json'],
  ...['deno.json', 'deno.jsonc', 'bunfig.toml', 'jsconfig.json', 'biome.json', 'biome.jsonc'],
  ...[
    'makefile',
    'gnumakefile',
    'justfile',
    'rakefile',
    'gemfile',
    'cmakelists.txt',
    'meson.build'
  ],
  ...['build.xml', 'pom.xml', 'build', 'build.bazel', 'workspace', 'module.bazel', 'build.rs'],
  ...[
    'cargo.toml',
    'go.mod',
    'go.work',
    'composer.json',
    'mix.exs',
    'project.clj',
    'package.swift'
  ],
  ...[
    'setup.py',
    'setup.cfg',
    'pyproject.toml',
    'conftest.py',
    'tox.ini',
    'noxfile.py',
    'fabfile.py'
  ],
  ...['sitecustomize.py', 'usercustomize.py', 'pipfile', 'environment.yml', 'pytest.ini'],
  ...[
    'dockerfile',
    'containerfile',
    'vagrantfile',
    'procfile',
    'jenkinsfile',
    'tiltfile',
    'earthfile'
  ],
  ...['skaffold.yaml', 'vercel.json', 'netlify.toml', 'wrangler.toml', 'fly.toml', 'app.json'],
  ...['action.yml', 'action.yaml', 'lefthook.yml', 'lefthook.yaml', 'codeowners', 'flake.nix'],
  ...['default.nix', 'shell.nix', 'agents.md', 'claude.md', 'gemini.md']
])
const patterns: readonly RegExp[] = [
  /^(gruntfile|gulpfile|jakefile|rollupfile|snowpackfile)\./,
  /[.-]config\.([cm]?[jt]sx?|json|ya?ml|toml)$/,
  /^tsconfig(\..+)?\.json$/,
  /^(docker-)?compose(\..+)?\.ya?ml$/,
  /^(taskfile|serverless|buildspec|cloudbuild|appveyor|(azure|bitbucket)-pipelines)\.ya?ml$/,
  /^(build|settings|init)\.gradle(\.kts)?$/,
  /\.(mk|gemspec|csproj|sln|targets|props)$/
]

/** Whether some tool takes a file for its own because of what it is called. A list of such names is never complete. */
export function isRunByTools(path: string): boolean {
  const name = foldedName(path.split('/').at(-1) ?? '')
  return names.has(name) || patterns.some(each => each.test(name))
}
