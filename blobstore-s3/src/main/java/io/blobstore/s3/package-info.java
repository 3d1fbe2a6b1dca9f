/**
 * The blob store in an Amazon S3 bucket, or in one of a server that speaks S3: {@code s3://bucket}.
 *
 * <p>May depend on {@code io.blobstore} and {@code io.blobstore.spi} (the contract, and support for its
 * implementation), {@code io.blobstore.http} and {@code io.blobstore.http.objects} (the data plane, and what S3 and
 * Cloud Storage have in common), the AWS SDK and slf4j. Knows no engine, no other backend, and nothing of how memory is
 * mapped.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.s3;

import org.jspecify.annotations.NullMarked;
