"""The API's reference: where it may be read, the five requests it shows, and its Python sample."""

from pathlib import Path
from typing import Any

#: The original text, beside the checkout where there is one.
REFERENCE = Path(__file__).parents[3] / "shared" / "api-reference.zh-Hant.txt"

#: The bodies of its curl samples, by endpoint.
SAMPLES: dict[str, dict[str, Any]] = {
    "/chat/completions": {
        "model": "gpt-4-turbo",
        "messages": [{"role": "user", "content": "你好,請介紹一下人工智能。"}],
        "temperature": 0.7,
        "max_tokens": 1000,
    },
    "/code/completions": {
        "model": "codellama-70b",
        "prompt": "def fibonacci(n):",
        "language": "python",
        "max_tokens": 200,
    },
    "/images/generations": {
        "model": "seeddream-4.0",
        "prompt": "a beautiful sunset over the ocean, digital art",
        "n": 1,
        "size": "1024x1024",
        "style": "digital-art",
    },
    "/audio/generations": {
        "model": "audiogen",
        "prompt": "gentle rain and thunder in the background",
        "duration": 30,
        "format": "mp3",
    },
    "/video/generations": {
        "model": "videogen-pro",
        "prompt": "a cat playing with a ball of yarn",
        "duration": 10,
        "resolution": "1920x1080",
    },
}

#: Its Python sample, letter for letter.
PYTHON_SAMPLE = """\
from aimodels import AIModels
# 初始化客戶端
client = AIModels(api_key="YOUR_API_KEY")
# 文本生成
response = client.chat.completions.create(
model="gpt-4-turbo",
messages=[
{"role": "user", "content": "你好"}
]
)
print(response.data.choices[0].message.content)
# 圖像生成
image = client.images.create(
model="seeddream-4.0",
prompt="a beautiful landscape"
)
print(image.data.images[0].url)
"""
