// Checked by the TypeScript compiler, never run.
import AIModels, { AuthenticationError, type VideoParams } from 'aimodels-sdk';

const params: VideoParams = { model: 'm', prompt: 'p', seed: 1 };
void new AIModels().video.create(params);
void ((error: unknown) => error instanceof AuthenticationError);
