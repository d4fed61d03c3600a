"""The smallest model that llama.cpp loads: one layer, one token a byte, random weights."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

WIDTH = 32
FEED_FORWARD = 64


def write_model(path: Path) -> None:
    """One layer, one token a byte."""
    import gguf  # type: ignore[import-not-found, import-untyped, unused-ignore]
    import numpy as np

    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁"]
    writer: Any = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // 2)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([2, 3, 3, *([6] * 256), 1])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}")
    random = np.random.default_rng(0)

    def add(name: str, shape: Sequence[int]) -> None:
        values = random.standard_normal(shape) * 0.1 if len(shape) > 1 else np.ones(shape)
        writer.add_tensor(f"{name}.weight", values.astype(np.float32))

    add("token_embd", (len(tokens), WIDTH))
    add("output", (len(tokens), WIDTH))
    add("output_norm", (WIDTH,))
    for name in ("attn_norm", "ffn_norm"):
        add(f"blk.0.{name}", (WIDTH,))
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        add(f"blk.0.{name}", (WIDTH, WIDTH))
    add("blk.0.ffn_gate", (FEED_FORWARD, WIDTH))
    add("blk.0.ffn_up", (FEED_FORWARD, WIDTH))
    add("blk.0.ffn_down", (WIDTH, FEED_FORWARD))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
