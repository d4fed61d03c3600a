// Checked by the TypeScript compiler, never run.
import AIModels = require('aimodels-sdk');

const client: AIModels = new AIModels({ apiKey: 'k' });
const options: AIModels.RequestOptions = { timeout: 1 };
const error: AIModels.APIError = new AIModels.APIError('no');
const same: typeof AIModels = AIModels.AIModels;

async function main(): Promise<string> {
  const image: AIModels.Response<AIModels.GeneratedImages> = await client.images.create({ model: 'm', prompt: 'p' });
  const answer = await client.chat.completions.create(
    { model: 'm', messages: [{ role: 'user', content: 'x' }] },
    options,
  );
  return answer.data.choices[0]!.message.content + image.data.images[0]!.url;
}
void [main, error, same];
