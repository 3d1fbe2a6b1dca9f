/**
 * The blob store in an Amazon S3 bucket, or in one of a server that speaks S3: {@code s3://bucket}.
 *
 * <p>May depend on {@code io.blobstore} and {@code io.blobstore.spi} (the contract, and how to keep it),
 * {@code io.blobstore.http} (how content travels), {@code io.blobstore.internal.concurrent}, the AWS SDK and slf4j.
 * Knows no engine, no other backend, and nothing of how memory is mapped.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.s3;

import org.jspecify.annotations.NullMarked;
