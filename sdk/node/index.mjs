import AIModels from './index.js';

export default AIModels;
export { AIModels };
export const {
  AIModelsError,
  APIError,
  BadRequestError,
  AuthenticationError,
  PermissionDeniedError,
  RateLimitError,
  ServerError,
  APIConnectionError,
  APITimeoutError,
  JobFailedError,
  UnexpectedResponseError,
} = AIModels;
