package io.blobstore.cas.internal;

import io.blobstore.zstd.internal.FrameDecoder;
import java.util.concurrent.Executor;

/**
 * What the readers of a cache share.
 *
 * @param files opens the files
 * @param decoders decoders to be reused
 * @param executor runs helpers; what it refuses, or runs late, is done without help
 * @param helpers the most helpers of one read, besides the thread that reads
 */
public record ReadSupport(EntryFiles files, IdleObjects<FrameDecoder> decoders, Executor executor, int helpers) {}
