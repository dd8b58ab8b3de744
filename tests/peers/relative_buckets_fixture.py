"""Buckets of relative positions, as Transformers' T5 and MPNet compute them.

    python relative_buckets_fixture.py FILE
"""
import json
import sys

import torch
from transformers.models.mpnet.modeling_mpnet import MPNetEncoder
from transformers.models.t5.modeling_t5 import T5Attention

OFFSETS = torch.arange(-300, 301)


def main():
    cases = []
    for buckets, distance in ((32, 128), (16, 40), (8, 128), (64, 300)):
        for bidirectional in (True, False):
            found = T5Attention._relative_position_bucket(OFFSETS, bidirectional, buckets, distance)
            if bidirectional:
                mpnet = MPNetEncoder.relative_position_bucket(OFFSETS, buckets, distance)
                assert torch.equal(found, mpnet), "T5 and MPNet differ"
            cases.append({"buckets": buckets, "maxDistance": distance, "bidirectional": bidirectional,
                          "bucketOfOffset": found.tolist()})
    with open(sys.argv[1], "w") as file:
        json.dump({"firstOffset": int(OFFSETS[0]), "cases": cases}, file)


if __name__ == "__main__":
    main()
