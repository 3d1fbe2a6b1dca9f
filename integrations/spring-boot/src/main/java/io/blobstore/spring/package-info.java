/**
 * Serves blobs from Spring applications: as resources, and as responses with ranges and conditions. Depends on the
 * library's public API, Spring and the Servlet API, and not on Spring Boot.
 */
@NullMarked
package io.blobstore.spring;

import org.jspecify.annotations.NullMarked;
