/** Variables that steer programs rather than hold a client's secret; anything that begins like this. */
const forbiddenStart =
  /^(TIELINE|NODE|LD|DYLD|GIT|SSH|GPG|ACTIONS|NPM_CONFIG|TF_TOKEN|SOPS|KUBE|BASH_FUNC)_/

/** Credentials that a pipeline hands to its own jobs: CI_JOB_TOKEN, CI_REGISTRY_PASSWORD, CI_JOB_JWT_V2. */
const forbiddenPipeline = /^CI_([A-Z0-9_]+_)?(TOKEN|PASSWORD|JWT(_V[0-9]+)?)$/

/** What clouds, forges, registries, secret stores and databases hand out, by the names that their own tools read. */
const forbiddenNames: ReadonlySet<string> = new Set([
  ...['PATH', 'HOME', 'USERPROFILE', 'SHELL', 'PWD', 'IFS', 'ENV', 'BASH_ENV', 'KUBECONFIG'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'],
  ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_SECURITY_TOKEN'],
  ...['AWS_CONTAINER_AUTHORIZATION_TOKEN', 'AWS_WEB_IDENTITY_TOKEN_FILE'],
  ...['AWS_BEARER_TOKEN_BEDROCK', 'AWS_SHARED_CREDENTIALS_FILE'],
  ...['GOOGLE_APPLICATION_CREDENTIALS', 'GOOGLE_CREDENTIALS', 'GOOGLE_OAUTH_ACCESS_TOKEN'],
  ...['CLOUDSDK_AUTH_ACCESS_TOKEN', 'GCLOUD_SERVICE_KEY'],
  ...['AZURE_CLIENT_SECRET', 'AZURE_PASSWORD', 'AZURE_CLIENT_CERTIFICATE_PASSWORD'],
  ...['AZURE_FEDERATED_TOKEN_FILE', 'AZURE_STORAGE_KEY', 'AZURE_STORAGE_CONNECTION_STRING'],
  ...['AZURE_CREDENTIALS', 'AZURE_DEVOPS_EXT_PAT', 'SYSTEM_ACCESSTOKEN'],
  ...['ARM_CLIENT_SECRET', 'ARM_ACCESS_KEY', 'ARM_OIDC_TOKEN'],
  ...['DIGITALOCEAN_ACCESS_TOKEN', 'DIGITALOCEAN_TOKEN', 'HCLOUD_TOKEN', 'LINODE_TOKEN'],
  ...['CLOUDFLARE_API_TOKEN', 'CLOUDFLARE_API_KEY', 'FLY_API_TOKEN', 'HEROKU_API_KEY'],
  ...['VERCEL_TOKEN', 'NETLIFY_AUTH_TOKEN', 'PULUMI_ACCESS_TOKEN', 'TFE_TOKEN'],
  ...['GITHUB_TOKEN', 'GH_TOKEN', 'GITHUB_ENTERPRISE_TOKEN', 'GH_ENTERPRISE_TOKEN', 'GITHUB_PAT'],
  ...['GITLAB_TOKEN', 'GITLAB_ACCESS_TOKEN', 'GITLAB_PRIVATE_TOKEN', 'GL_TOKEN'],
  ...['BITBUCKET_TOKEN', 'BITBUCKET_STEP_OIDC_TOKEN', 'GITEA_TOKEN', 'FORGEJO_TOKEN'],
  ...['CIRCLE_TOKEN', 'CIRCLE_OIDC_TOKEN', 'BUILDKITE_AGENT_ACCESS_TOKEN', 'JENKINS_API_TOKEN'],
  ...['NPM_TOKEN', 'YARN_NPM_AUTH_TOKEN', 'PYPI_TOKEN', 'TWINE_PASSWORD', 'UV_PUBLISH_TOKEN'],
  ...['CARGO_REGISTRY_TOKEN', 'GEM_HOST_API_KEY', 'RUBYGEMS_API_KEY', 'NUGET_API_KEY'],
  ...['DOCKER_PASSWORD', 'DOCKER_TOKEN', 'DOCKER_AUTH_CONFIG', 'DOCKERHUB_TOKEN'],
  ...[
    'VAULT_TOKEN',
    'BAO_TOKEN',
    'OP_SERVICE_ACCOUNT_TOKEN',
    'OP_CONNECT_TOKEN',
    'BWS_ACCESS_TOKEN'
  ],
  ...['DOPPLER_TOKEN', 'INFISICAL_TOKEN', 'CONSUL_HTTP_TOKEN', 'NOMAD_TOKEN'],
  ...['PGPASSWORD', 'PGPASSFILE', 'POSTGRES_PASSWORD', 'MYSQL_PWD', 'MYSQL_PASSWORD'],
  ...['MYSQL_ROOT_PASSWORD', 'MARIADB_PASSWORD', 'MARIADB_ROOT_PASSWORD', 'MSSQL_SA_PASSWORD'],
  ...['SA_PASSWORD', 'SQLCMDPASSWORD', 'MONGO_INITDB_ROOT_PASSWORD', 'MONGODB_URI', 'MONGO_URL'],
  ...['REDIS_URL', 'REDIS_PASSWORD', 'REDISCLI_AUTH', 'DATABASE_URL', 'DATABASE_PASSWORD']
])

/**
 * Whether `env:NAME` may never name this variable, because it belongs to tieline, to the machine, or to a cloud, a forge or a
 * database: a spec from a pull request could otherwise send such a credential to a provider of its choice. Letter case makes no
 * difference, as it makes none on Windows.
 */
export function forbiddenVariable(name: string): boolean {
  const upper = name.toUpperCase()
  return forbiddenNames.has(upper) || forbiddenStart.test(upper) || forbiddenPipeline.test(upper)
}

/**
 * Whether `file:PATH` may never name this file: a spec from a pull request could otherwise send a key of this machine to a
 * provider of its choice. What may be named lies in the workspace, is spelt relative to it with forward slashes, and has no
 * part that begins with a dot, as .git, .tieline, .env and .npmrc do. `apart` are further folders of tieline's own: the ones
 * that tieline.yaml gives to state and vault.
 *
 * A link may lead elsewhere, so whoever opens the file asks this again of where it really is, relative to the workspace's real
 * folder.
 */
export function forbiddenFile(path: string, apart: readonly string[] = []): boolean {
  // A drive, a device or another stream of a file on Windows; a home folder; what no file name should hold.
  if (/[\\:\p{C}]|^[/~]/u.test(path)) return true
  const parts = path.split('/').filter(each => each !== '.' && each !== '')
  if (parts.length === 0 || parts.some(isHidden)) return true
  const folded = `${parts.join('/').toLowerCase()}/`
  return ['state', ...apart].some(each => folded.startsWith(`${each.toLowerCase()}/`))
}

/** GIT~1 is how Windows spells .git for programs that know short names only. A dot or space at the end is no part of a name there. */
function isHidden(part: string): boolean {
  return part.startsWith('.') || /~[0-9]|[. ]$/.test(part)
}
