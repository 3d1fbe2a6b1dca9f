/**
 * Configures stores and a transfer manager from the properties of a Spring Boot application, 3.5 or 4. Depends on the
 * library's public API and Spring Boot; what differs between its versions is in classes of their own.
 */
@NullMarked
package io.blobstore.spring.boot;

import org.jspecify.annotations.NullMarked;
