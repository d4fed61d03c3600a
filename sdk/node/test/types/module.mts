// Checked by the TypeScript compiler, never run.
import AIModels, {
  AIModels as Named,
  APIError,
  RateLimitError,
  type ChatChunk,
  type ChatCompletion,
  type ClientOptions,
  type MediaItem,
  type Response,
} from 'aimodels-sdk';

const options: ClientOptions = {
  apiKey: 'k',
  baseURL: 'https://x/v1',
  timeout: 1,
  mediaTimeout: 2,
  maxRetries: 0,
  fetch,
};
const client: Named = new AIModels(options);
const messages = [{ role: 'user', content: 'hello' }];

const answer: Response<ChatCompletion> = await client.chat.completions.create(
  { model: 'gpt-4-turbo', messages, temperature: 0.7, max_tokens: 9, seed: 7 },
  {
    signal: AbortSignal.timeout(1000),
    timeout: 5,
    maxRetries: 1,
    onWait: (ms, reason) => [ms.toFixed(), reason.trim()],
  },
);
const text: string = answer.data.choices[0]!.message.content;
const left: number | null = answer.rateLimit.remaining;
const reset: Date | null = answer.rateLimit.resetAt;
const type: string | null = answer.headers.get('content-type');

for await (const chunk of await client.chat.completions.create({ model: 'm', messages, stream: true })) {
  const piece: ChatChunk = chunk;
  const said: string = piece.text + piece.choices[0]?.delta.content;
  void said;
}
const code: string = (await client.code.completions.create({ model: 'm', prompt: 'p', language: 'c' })).data.code;
const image: MediaItem[] = (await client.images.create({ model: 'm', prompt: 'p', n: 1, size: '512x512' })).data.images;
const sound: MediaItem[] = (await client.audio.create({ model: 'm', prompt: 'p', duration: 3 })).data.items;
const film = await client.video.create(
  { model: 'm', prompt: 'p', resolution: '1920x1080', image: 'https://x/1.png' },
  { onProgress: ({ id, status, progress }) => `${id} ${status} ${progress?.toFixed()}` },
);
const url: string | null = film.data.items[0]!.url;
const waiting: number = client.rateLimit.waiting;
await client.verify('gpt-4-turbo');

try {
  await client.verify();
} catch (error) {
  if (error instanceof RateLimitError) error.retryAfter?.toFixed();
  if (error instanceof AIModels.APIError) [error.status?.toFixed(), error.code.trim(), error.type.trim()];
  if (error instanceof APIError) error.rateLimit?.limit?.toFixed();
}
void [text, left, reset, type, code, image, sound, url, waiting];

// @ts-expect-error: the model is required
void client.images.create({ prompt: 'p' });
// @ts-expect-error: messages are a list
void client.chat.completions.create({ model: 'm', messages: 'hello' });
// @ts-expect-error: the option is baseURL
void new AIModels({ apiKey: 'k', baseUrl: 'https://x' });
// @ts-expect-error: chat has no jobs
void client.chat.completions.create({ model: 'm', messages }, { onProgress: () => {} });
