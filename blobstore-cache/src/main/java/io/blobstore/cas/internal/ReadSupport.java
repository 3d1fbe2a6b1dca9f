package io.blobstore.cas.internal;

import io.blobstore.zstd.internal.FrameDecoder;
import io.blobstore.zstd.internal.IdleObjects;
import java.util.concurrent.Executor;

/**
 * What the readers of a cache share.
 *
 * @param files opens the files
 * @param decoders decoders to be reused
 * @param executor runs helpers; what it refuses, or runs late, is done without help
 * @param helpers the most helpers of one read, besides the thread that reads
 * @param ownFiles whether only this library writes the files, so that one whose length differs from that of its entry
 *     is damaged; bazel-remote's files grow in their places
 */
public record ReadSupport(
        EntryFiles files, IdleObjects<FrameDecoder> decoders, Executor executor, int helpers, boolean ownFiles) {}
