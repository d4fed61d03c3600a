'use strict';

const { AIModels } = require('./lib/client');
const errors = require('./lib/errors');

module.exports = AIModels;
module.exports.AIModels = AIModels;
module.exports.default = AIModels;
module.exports.AIModelsError = errors.AIModelsError;
module.exports.APIError = errors.APIError;
module.exports.BadRequestError = errors.BadRequestError;
module.exports.AuthenticationError = errors.AuthenticationError;
module.exports.PermissionDeniedError = errors.PermissionDeniedError;
module.exports.RateLimitError = errors.RateLimitError;
module.exports.ServerError = errors.ServerError;
module.exports.APIConnectionError = errors.APIConnectionError;
module.exports.APITimeoutError = errors.APITimeoutError;
module.exports.JobFailedError = errors.JobFailedError;
module.exports.UnexpectedResponseError = errors.UnexpectedResponseError;
