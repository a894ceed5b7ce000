"""llama.cpp as a peer, in an environment of its own that has `xllamacpp`:

    python benchmarks/llama_peer.py MODEL.gguf

For each JSON list of texts on stdin it embeds them one after the other, means over
their tokens, on one thread, and prints how many tokens that were and the seconds of
processor they took.
"""

import json
import sys
import time

CONTEXT = 8192
ROWS = 2048  # of one pass: a text must fit


def main(path: str) -> None:
    import xllamacpp  # type: ignore[import-not-found]

    options = xllamacpp.CommonParams()
    options.model.path = path
    options.embedding = True
    options.n_ctx, options.n_batch, options.n_ubatch = CONTEXT, CONTEXT, ROWS
    options.n_parallel = 1
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = 1
    options.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    options.verbosity = -1
    server = xllamacpp.Server(options)
    for line in sys.stdin:
        tokens, started = 0, time.process_time()
        for text in json.loads(line):
            answer = server.handle_embeddings({"input": text})
            tokens += answer["usage"]["prompt_tokens"]
        print(json.dumps([tokens, time.process_time() - started]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
