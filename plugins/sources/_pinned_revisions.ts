/**
 * Revisions of the hub's repositories that the declared experiments use.
 *
 * @module
 */

/**
 * Default commits by kind and name, so that results stay comparable. A repository that is not listed has its branch `main`
 * by default.
 */
export const PINNED_REVISIONS: { readonly [repository: string]: string } = {
  "model sentence-transformers/all-MiniLM-L6-v2": "c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
  "model sentence-transformers/all-mpnet-base-v2": "e8c3b32edf5434bc2275fc9bab85f82640a19130",
  "model google-bert/bert-base-uncased": "86b5e0934494bd15c9632b12f734a8a67f723594",
  "model google-bert/bert-large-uncased": "6da4b6a26a1877e173fca3225479512db81a5e5b",
  "model google-t5/t5-base": "a9723ea7f1b39c1eae772870f3b547bf6ef7e6c1",
  "model google-t5/t5-large": "150ebc2c4b72291e770f58e6057481c8d2ed331a",
  "model facebook/bart-base": "aadd2ab0ae0c8268c7c9693540e9904811f36177",
  "model facebook/bart-large": "cb48c1365bd826bd521f650dc2e0940aee54720c",
  "dataset nyu-mll/glue": "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c",
};
