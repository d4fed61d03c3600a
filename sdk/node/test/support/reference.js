'use strict';

/** The samples of the API's reference: the Node sample as it is printed, and the bodies of the curl samples. */

const NODE_SAMPLE = `\
const AIModels = require('aimodels-sdk');
const client = new AIModels({
apiKey: 'YOUR_API_KEY'
});
// 文本生成
async function generateText() {
const response = await client.chat.completions.create({
model: 'gpt-4-turbo',
messages: [
{ role: 'user', content: '你好' }
]
});
console.log(response.data.choices[0].message.content);
}
generateText();
`;

const BODIES = {
  '/chat/completions': {
    model: 'gpt-4-turbo',
    messages: [{ role: 'user', content: '你好,請介紹一下人工智能。' }],
    temperature: 0.7,
    max_tokens: 1000,
  },
  '/code/completions': {
    model: 'codellama-70b',
    prompt: 'def fibonacci(n):',
    language: 'python',
    max_tokens: 200,
  },
  '/images/generations': {
    model: 'seeddream-4.0',
    prompt: 'a beautiful sunset over the ocean, digital art',
    n: 1,
    size: '1024x1024',
    style: 'digital-art',
  },
  '/audio/generations': {
    model: 'audiogen',
    prompt: 'gentle rain and thunder in the background',
    duration: 30,
    format: 'mp3',
  },
  '/video/generations': {
    model: 'videogen-pro',
    prompt: 'a cat playing with a ball of yarn',
    duration: 10,
    resolution: '1920x1080',
  },
};

module.exports = { BODIES, NODE_SAMPLE };
