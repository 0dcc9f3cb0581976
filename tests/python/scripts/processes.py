"""A PyTorch script: processes that start afresh import torch as their parent does."""

import multiprocessing
import sys

import torch


def work(numbers):
    return torch.tensor(numbers).sum().item(), torch.__version__


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(1) as pool:
        print(pool.map(work, [[1, 2], [3, 4]]))
