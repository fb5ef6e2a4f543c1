// A provider of OpenID Connect for tests: npm oidc-provider, with one account that signs in by itself.
// Prints {"issuer": …} once it listens; ends with its standard input.
import http from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${process.argv[2]}/`);
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')).href);
const redirect = process.argv[3];

const server = http.createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'the-tenants-app',
      client_secret: 'a-secret-of-the-provider',
      token_endpoint_auth_method: 'client_secret_post',
      redirect_uris: [redirect],
    },
    {
      client_id: 'somebody-elses-app',
      token_endpoint_auth_method: 'none',
      redirect_uris: [redirect],
    },
  ],
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, email: 'ada@example.org' }) }),
});

// Whoever comes is signed in as `?login_hint` says, or as Ada, and agrees to everything.
server.on('request', async (request, response) => {
  if (!request.url.startsWith('/interaction/')) {
    provider.callback()(request, response);
    return;
  }
  const { params, session } = await provider.interactionDetails(request, response);
  const accountId = session?.accountId ?? params.login_hint ?? 'ada-at-the-provider';
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope('openid');
  const grantId = await grant.save();
  await provider.interactionFinished(
    request,
    response,
    { login: { accountId }, consent: { grantId } },
    { mergeWithLastSubmission: false },
  );
});

console.log(JSON.stringify({ issuer }));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
