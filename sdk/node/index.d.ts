/** The client of the AI Models API. Every call ends within its timeout, and closes its connection when cancelled. */
declare class AIModels {
  /** @throws {AIModels.AIModelsError} for options that can't be used */
  constructor(options?: AIModels.ClientOptions);

  readonly chat: { readonly completions: AIModels.ChatCompletions };
  readonly code: { readonly completions: AIModels.CodeCompletions };
  readonly images: AIModels.Images;
  readonly audio: AIModels.Audio;
  readonly video: AIModels.Video;

  /** The rate limit as last reported by the API, shared by all calls of this client. */
  readonly rateLimit: AIModels.ClientRateLimit;

  /**
   * Check the key without spending.
   *
   * @param model "gpt-4-turbo" when left out
   * @throws {AIModels.AuthenticationError | AIModels.PermissionDeniedError} for a bad key
   * @throws {AIModels.BadRequestError} for an address without chat, or an unknown model
   */
  verify(model?: string, options?: AIModels.RequestOptions): Promise<void>;

  static readonly AIModels: typeof AIModels;
  static readonly default: typeof AIModels;
}

declare namespace AIModels {
  // ---------------------------------------------------------------- options

  interface ClientOptions {
    /** Default: the environment variable AIMODELS_API_KEY. */
    apiKey?: string;
    /** Default: the environment variable AIMODELS_BASE_URL, else "https://api.aimodels.com/v1". */
    baseURL?: string;
    /** Milliseconds for a chat or code call, retries and waits included. Default 120,000. */
    timeout?: number;
    /** Milliseconds for an image, audio or video call, retries, waits and polling included. Default 900,000. */
    mediaTimeout?: number;
    /** Retries after a 5xx or a broken connection. 0 also turns off waiting after a 429. Default 4. */
    maxRetries?: number;
    /** Used instead of the global `fetch`. */
    fetch?: typeof globalThis.fetch;
  }

  interface RequestOptions {
    /** Milliseconds for this call instead of the client's. */
    timeout?: number;
    /** Cancels the call, which then throws the signal's reason. */
    signal?: AbortSignal;
    /** Retries for this call instead of the client's. */
    maxRetries?: number;
    /** Called when the call has to wait. */
    onWait?: (milliseconds: number, reason: 'rate_limit' | 'retry') => void;
  }

  interface MediaRequestOptions extends RequestOptions {
    /** Called at each look at a job that is not done yet. */
    onProgress?: (job: JobProgress) => void;
  }

  interface JobProgress {
    id: string;
    /** "queued" or "processing", for example. */
    status: string;
    /** 0 to 1. */
    progress: number | null;
  }

  // ---------------------------------------------------------------- rate limit

  /** What an answer's headers say; null: nothing. */
  interface RateLimit {
    /** X-RateLimit-Limit: calls per window. */
    limit: number | null;
    /** X-RateLimit-Remaining: calls left in this window. */
    remaining: number | null;
    /** X-RateLimit-Reset: start of the next window. */
    resetAt: Date | null;
    /** Retry-After, in seconds. */
    retryAfter: number | null;
  }

  /** What is known of the rate limit; null: no limit is known. */
  interface ClientRateLimit {
    limit: number | null;
    /** Calls that may be started now. */
    remaining: number | null;
    /** When `remaining` is renewed. */
    resetAt: Date | null;
    /** Calls that wait. */
    waiting: number;
  }

  // ---------------------------------------------------------------- parameters

  /** Parameters that are not listed are sent as they are. */
  interface ExtraParams {
    [parameter: string]: unknown;
  }

  interface ChatMessage {
    role: 'system' | 'user' | 'assistant' | (string & {});
    /** Text, or parts for models that see. */
    content: string | ReadonlyArray<Record<string, unknown>>;
    [field: string]: unknown;
  }

  interface ChatParams extends ExtraParams {
    model: 'gpt-4-turbo' | (string & {});
    messages: readonly ChatMessage[];
    /** Randomness, 0 to 2. The API's default is 0.7. */
    temperature?: number;
    /** The longest answer in tokens. The API's default is 2048. */
    max_tokens?: number;
    /** Not in the API's reference: ask for server-sent events. */
    stream?: boolean;
  }

  interface CodeParams extends ExtraParams {
    model: 'codellama-70b' | (string & {});
    prompt: string;
    /** "python", for example. */
    language?: string;
    max_tokens?: number;
  }

  interface ImageParams extends ExtraParams {
    model: 'seeddream-4.0' | (string & {});
    prompt: string;
    /** 1 to 4. The API's default is 1. */
    n?: number;
    size?: '512x512' | '1024x1024' | '2048x2048' | (string & {});
    style?: 'digital-art' | 'photo-realistic' | 'anime' | (string & {});
  }

  interface AudioParams extends ExtraParams {
    model: 'audiogen' | (string & {});
    prompt: string;
    /** Seconds. */
    duration?: number;
    format?: 'mp3' | (string & {});
  }

  interface VideoParams extends ExtraParams {
    model: 'videogen-pro' | (string & {});
    prompt: string;
    /** Seconds. */
    duration?: number;
    /** "1920x1080", for example. */
    resolution?: string;
    /** An https or data URL of the picture to start from. */
    image?: string;
  }

  // ---------------------------------------------------------------- answers

  /** Of the HTTP answer. Not enumerable: `JSON.stringify` gives the envelope alone. */
  interface ResponseMeta {
    readonly status: number;
    readonly headers: Headers;
    readonly rateLimit: RateLimit;
  }

  /** The envelope. */
  interface Response<T> extends ResponseMeta {
    success: boolean;
    data: T;
    message?: string;
    /** ISO 8601. */
    timestamp?: string;
  }

  interface TokenUsage {
    prompt_tokens: number;
    completion_tokens: number;
    total_tokens: number;
    [field: string]: unknown;
  }

  interface ChatCompletion {
    id: string;
    object: string;
    /** Unix seconds. */
    created: number;
    model: string;
    choices: ChatChoice[];
    usage?: TokenUsage;
    [field: string]: unknown;
  }

  interface ChatChoice {
    index: number;
    message: { role: string; content: string; [field: string]: unknown };
    finish_reason: string | null;
    [field: string]: unknown;
  }

  /** The next piece of a chat answer. The last ones may have no text, but say why it ended and what it used. */
  interface ChatChunk {
    id?: string;
    object?: string;
    created?: number;
    model?: string;
    choices: {
      index?: number;
      delta: { role?: string; content: string; [field: string]: unknown };
      finish_reason?: string | null;
      [field: string]: unknown;
    }[];
    usage?: TokenUsage | null;
    /** `choices[0].delta.content`, else "". */
    text: string;
    /** `choices[0].finish_reason`, else "". */
    finish_reason: string;
    [field: string]: unknown;
  }

  /** Leaving a `for await` loop early closes the connection. */
  interface ChatStream extends AsyncIterableIterator<ChatChunk>, ResponseMeta {
    return(value?: unknown): Promise<IteratorResult<ChatChunk>>;
  }

  interface CodeCompletion {
    code: string;
    model?: string;
    usage?: TokenUsage;
    [field: string]: unknown;
  }

  /** One generated file: it has a `url`, or its bytes in `b64_json`. */
  interface MediaItem {
    url: string | null;
    b64_json: string | null;
    /** Pixels. */
    width: number | null;
    /** Pixels. */
    height: number | null;
    /** Seconds. */
    duration: number | null;
    format: string | null;
  }

  interface MediaUsage {
    images?: number;
    cost?: number;
    [field: string]: unknown;
  }

  interface GeneratedImages {
    images: MediaItem[];
    usage: MediaUsage;
    [field: string]: unknown;
  }

  interface GeneratedMedia {
    items: MediaItem[];
    usage: MediaUsage;
    [field: string]: unknown;
  }

  // ---------------------------------------------------------------- endpoints

  interface ChatCompletions {
    /** POST /chat/completions */
    create(params: ChatParams & { stream?: false }, options?: RequestOptions): Promise<Response<ChatCompletion>>;
    create(params: ChatParams & { stream: true }, options?: RequestOptions): Promise<ChatStream>;
    create(params: ChatParams, options?: RequestOptions): Promise<Response<ChatCompletion> | ChatStream>;
  }

  interface CodeCompletions {
    /** POST /code/completions */
    create(params: CodeParams, options?: RequestOptions): Promise<Response<CodeCompletion>>;
  }

  interface Images {
    /** POST /images/generations */
    create(params: ImageParams, options?: MediaRequestOptions): Promise<Response<GeneratedImages>>;
  }

  interface Audio {
    /** POST /audio/generations */
    create(params: AudioParams, options?: MediaRequestOptions): Promise<Response<GeneratedMedia>>;
  }

  interface Video {
    /** POST /video/generations */
    create(params: VideoParams, options?: MediaRequestOptions): Promise<Response<GeneratedMedia>>;
  }

  // ---------------------------------------------------------------- errors

  /** The root of all errors of this SDK; thrown by itself for a wrong option. */
  class AIModelsError extends Error {}

  /** The API did not give an answer that can be used. */
  class APIError extends AIModelsError {
    /** HTTP status; null: there was no answer. */
    readonly status: number | null;
    /** `error.code` of the envelope, else "". */
    readonly code: string;
    /** `error.type` of the envelope, else "". */
    readonly type: string;
    /** Null: there was no answer. */
    readonly headers: Headers | null;
    /** Null: there was no answer. */
    readonly rateLimit: RateLimit | null;
    /** True when the same request may succeed later. */
    readonly isRetryable: boolean;
  }

  /** 400 and other 4xx: the parameters were refused. */
  class BadRequestError extends APIError {}
  /** 401: the key is wrong or expired. */
  class AuthenticationError extends APIError {}
  /** 402, 403: the key may not do this. */
  class PermissionDeniedError extends APIError {}
  /** 429: too many requests. */
  class RateLimitError extends APIError {
    /** Seconds until a new call may succeed. */
    readonly retryAfter: number | null;
  }
  /** 5xx: the API failed. */
  class ServerError extends APIError {}
  /** No connection to the API, or it broke. */
  class APIConnectionError extends APIError {}
  /** No answer within the timeout. */
  class APITimeoutError extends APIError {}
  /** A polled job ended in failure. */
  class JobFailedError extends APIError {}
  /** An answer of an undocumented shape; the text names the missing field. */
  class UnexpectedResponseError extends APIError {}
}

export = AIModels;
