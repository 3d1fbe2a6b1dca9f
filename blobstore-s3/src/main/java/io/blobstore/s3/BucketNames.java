package io.blobstore.s3;

/** Validates names of buckets by S3's rules, which access point aliases follow too. */
final class BucketNames {
    private static final int MIN = 3;
    private static final int MAX = 63;

    private BucketNames() {}

    /**
     * Requires that a name is valid.
     *
     * @throws IllegalArgumentException if no bucket can have the name, or this store does not support its kind of
     *     bucket
     */
    static void require(String name) {
        if (name.startsWith("arn:")) {
            throw new IllegalArgumentException(
                    "the bucket is an ARN; use the bucket's name, or the access point's alias: " + name);
        }
        if (name.endsWith("--x-s3")) {
            throw new IllegalArgumentException("directory buckets (S3 Express One Zone) are not supported: " + name
                    + "; use a general purpose bucket");
        }
        boolean known = name.chars().allMatch(c -> isLetterOrDigit(c) || c == '.' || c == '-');
        if (name.length() < MIN
                || name.length() > MAX
                || !known
                || !isLetterOrDigit(name.charAt(0))
                || !isLetterOrDigit(name.charAt(name.length() - 1))
                || name.contains("..")) {
            throw new IllegalArgumentException("a bucket's name has " + MIN + " to " + MAX
                    + " of a-z, 0-9, '.' and '-', begins and ends with a letter or digit, and has no '..'; got '" + name
                    + "'");
        }
    }

    private static boolean isLetterOrDigit(int c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    }
}
